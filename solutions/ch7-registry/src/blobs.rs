//! Steps 4 and 7: blobs, one at a time, streamed and verified, and only where they are
//! missing.

use http_client::{Client, Transfer};
use images::{Blob, Store};

use crate::Result;

/// Uploads a blob, unless the repository has it.
///
/// HEAD asks for it. POST opens an upload and answers with its `Location`, which may be a path
/// or a whole address, with a query or without. PUT to that location, with the digest added to
/// the query, sends the bytes and closes it (distribution-spec, "POST then PUT").
///
/// If another repository, `from`, may have the blob, the POST asks to mount it from there. 201
/// says that the blob is there now; 202 opens an upload, as without the mount ("Mounting a
/// blob from another repository").
///
/// # Errors
/// [`http_client::Error::Status`] with the registry's words, such as `DIGEST_INVALID`.
pub fn push_blob(
    client: &Client,
    repository: &str,
    store: &Store,
    blob: &Blob,
    from: Option<&str>,
) -> Result<Transfer> {
    // ANCHOR: push_blob
    use http_client::{Content, Request, location};

    let head = Request::new("HEAD", client.url(repository, &format!("blobs/{}", blob.digest)));
    if client.send(&head, &[200, 404])?.status() == 200 {
        return Ok(Transfer::NotNeeded);
    }
    let mount = from.map(|from| format!("?mount={}&from={from}", blob.digest)).unwrap_or_default();
    let begin = Request::new("POST", client.url(repository, &format!("blobs/uploads/{mount}")));
    let begun = match client.send(&begin, &[201, 202]) {
        // We may not read there: go on as if the blob were nowhere else.
        Err(error) if from.is_some() && error.is_refusal() => {
            return push_blob(client, repository, store, blob, None);
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
    client.send(&Request::new("PUT", upload).content(Content::File(&file)), &[201])?;
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
/// [`storage::Error`] for other bytes than the digest's, and
/// [`http_client::Error::Connection`] for a connection that ended early.
pub fn pull_blob(client: &Client, repository: &str, store: &Store, blob: &Blob) -> Result<Transfer> {
    // ANCHOR: pull_blob
    use http_client::{Error, Request, TrackedBody};

    if store.has(&blob.digest) {
        return Ok(Transfer::NotNeeded);
    }
    let request = Request::new("GET", client.url(repository, &format!("blobs/{}", blob.digest)));
    let response = client.send(&request, &[200])?;
    let mut body = TrackedBody::new(response.into_body().into_reader());
    let stored = storage::write_expected(store, &mut body, blob);
    match body.broken {
        Some(why) => Err(Error::Connection { method: request.method, url: request.url, why }.into()),
        None => Ok(stored.map(|()| Transfer::Done)?),
    }
    // ANCHOR_END: pull_blob
}
