//! Blobs, one at a time: streamed, verified, and only where they are missing.

use std::io::{self, Read};

use images::{Blob, Store};

use crate::{Client, Result};

/// What it took to have a blob on the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// Its bytes were sent.
    Done,
    /// They were there.
    NotNeeded,
    /// The registry took them from another repository of its own.
    Mounted,
}

impl Client {
    /// Uploads a blob, unless the repository has it.
    ///
    /// HEAD asks for it. POST opens an upload and answers with its location; PUT
    /// to that location, with the digest in its query, sends the bytes and closes
    /// it (distribution-spec, "Pushing blobs", "POST then PUT"). The location is
    /// the registry's own: it may be a path or an address and has a query or not.
    ///
    /// If another repository, `from`, may have the blob, the POST asks to mount it
    /// from there. 201 says that this was all; 202 is an upload as without it
    /// ("Mounting a blob from another repository").
    ///
    /// # Errors
    /// [`Error::Refused`] with the registry's words, such as `DIGEST_INVALID`.
    pub fn push_blob(&self, repository: &str, store: &Store, blob: &Blob, from: Option<&str>) -> Result<Transfer> {
        // ANCHOR: push_blob
        use crate::client::{Content, Request, location};

        let head = Request::new("HEAD", self.url(repository, &format!("blobs/{}", blob.digest)));
        if self.send(&head, &[200, 404])?.status() == 200 {
            return Ok(Transfer::NotNeeded);
        }
        let mount = from.map(|from| format!("?mount={}&from={from}", blob.digest)).unwrap_or_default();
        let begin = Request::new("POST", self.url(repository, &format!("blobs/uploads/{mount}")));
        let begun = match self.send(&begin, &[201, 202]) {
            // We may not read there: go on as if the blob were nowhere else.
            Err(error) if from.is_some() && error.is_refusal() => {
                return self.push_blob(repository, store, blob, None);
            }
            other => other?,
        };
        if begun.status() == 201 {
            return Ok(Transfer::Mounted);
        }
        let mut upload = location(&begin, &begin.url, &begun)?;
        upload.push(if upload.contains('?') { '&' } else { '?' });
        upload.push_str(&format!("digest={}", blob.digest));
        let file = store.open_blob(&blob.digest)?;
        self.send(&Request::new("PUT", upload).content(Content::File(&file)), &[201])?;
        Ok(Transfer::Done)
        // ANCHOR_END: push_blob
    }

    /// Downloads a blob into the store, unless the store has it.
    ///
    /// The bytes are hashed while they are written; other bytes than those of the
    /// digest, and more or fewer than `blob` says, are refused and leave nothing
    /// (distribution-spec, "Pulling blobs"; image-spec, descriptor.md).
    ///
    /// # Errors
    /// [`Error::Image`] for wrong bytes, [`Error::Broken`] for a connection that
    /// ended early.
    pub fn pull_blob(&self, repository: &str, store: &Store, blob: &Blob) -> Result<Transfer> {
        // ANCHOR: pull_blob
        use crate::{Error, client::Request};

        if store.has(&blob.digest) {
            return Ok(Transfer::NotNeeded);
        }
        let request = Request::new("GET", self.url(repository, &format!("blobs/{}", blob.digest)));
        let response = self.send(&request, &[200])?;
        let mut body = Arriving::new(response.into_body().into_reader());
        let stored = storage::write_expected(store, &mut body, blob);
        match body.broken {
            Some(why) => Err(Error::Broken { method: request.method, url: request.url, why }),
            None => Ok(stored.map(|()| Transfer::Done)?),
        }
        // ANCHOR_END: pull_blob
    }
}

/// A body that remembers how it broke: the store, which reads it, would call a
/// broken connection a file that cannot be written.
pub struct Arriving<R> {
    inner: R,
    pub broken: Option<String>,
}

impl<R> Arriving<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, broken: None }
    }
}

impl<R: Read> Read for Arriving<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                self.broken = Some(format!("the connection broke: {error}"));
            }
        })
    }
}
