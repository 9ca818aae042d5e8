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
        let _ = (&repository, &store, &blob, &from); // what you have to work with
        todo!("ch7 step 4: upload a blob that is not there yet")
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
        let _ = (&repository, &store, &blob); // what you have to work with
        todo!("ch7 step 6: download a blob and verify it")
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
