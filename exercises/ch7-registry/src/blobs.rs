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
    let _ = (&client, &repository, &store, &blob, &from); // what you have to work with
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
/// [`storage::Error`] for other bytes than the digest's, and
/// [`http_client::Error::Connection`] for a connection that ended early.
pub fn pull_blob(client: &Client, repository: &str, store: &Store, blob: &Blob) -> Result<Transfer> {
    // ANCHOR: pull_blob
    let _ = (&client, &repository, &store, &blob); // what you have to work with
    todo!("ch7 step 7: download a blob and verify it")
    // ANCHOR_END: pull_blob
}
