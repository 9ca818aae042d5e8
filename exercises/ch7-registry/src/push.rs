//! Step 5: an image is pushed, its manifest last.

use distribution::{Platform, Reference};
use http_client::Report;
use images::{Digest, Store};

use crate::Result;

/// Pushes the image that the store has under this name; of an index, the one for `platform`.
///
/// A registry refuses a manifest that names blobs it does not have, so layers and config go
/// first. The manifest goes under the tag, byte for byte as it is stored, because its digest
/// identifies the image (distribution-spec, "Pushing Manifests"). An answer whose
/// `docker-content-digest` is another one breaks the protocol. `report` gets each blob's events
/// and a line with the digest.
///
/// # Errors
/// [`distribution::Error::NoImage`], or what the registry refuses.
pub fn push(store: &Store, reference: &Reference, platform: &Platform, report: Report<'_>) -> Result<Digest> {
    // ANCHOR: push
    let _ = (&store, &reference, &platform, &report); // what you have to work with
    todo!("ch7 step 5: push an image, its manifest last")
    // ANCHOR_END: push
}
