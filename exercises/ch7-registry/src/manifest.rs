//! Step 6: a manifest is downloaded, and verified.

use distribution::Manifest;
use http_client::Client;

use crate::Result;

/// Downloads a manifest or an index by `key`, which is a tag or a digest.
///
/// The `Accept` header lists the media types that we can read
/// ([`distribution::MANIFEST_TYPES`], [`distribution::INDEX_TYPES`]); without it many
/// registries convert the document, and a converted one has another digest. The bytes are
/// compared with the digest in `key`. For a tag they are compared with the digest that the
/// registry gives in `docker-content-digest`, if it does. `Content-Type` says what the
/// document is, perhaps with parameters behind a `;` (distribution-spec, "Pulling
/// manifests").
///
/// # Errors
/// [`http_client::protocol_error`] for a document that is larger than
/// [`distribution::MAX_MANIFEST`] bytes, has another digest, or is of another type. No
/// more than one byte beyond the limit is read.
pub fn fetch_manifest(client: &Client, repository: &str, key: &str) -> Result<Manifest> {
    // ANCHOR: fetch_manifest
    let _ = (&client, &repository, &key); // what you have to work with
    todo!("ch7 step 6: download a manifest, and refuse any other")
    // ANCHOR_END: fetch_manifest
}
