//! Step 5: an image is pushed, its manifest last.

use distribution::{Platform, Reference};
use http_client::Report;
use images::{Digest, Store};

use crate::Result;

/// Pushes the image that the store has under this name; of several, the one for
/// `platform`.
///
/// A registry refuses a manifest that names blobs it does not have, so layers
/// and config go first. The manifest goes under the tag, byte for byte as it is
/// stored, for its digest is the image's name (distribution-spec, "Pushing
/// Manifests"). `report` is told of each blob, and the digest. If the answer's
/// `docker-content-digest` is another one, the registry has broken a rule.
///
/// # Errors
/// [`distribution::Error::NoImage`] if there is none; else what the registry refuses.
pub fn push(store: &Store, reference: &Reference, platform: &Platform, report: Report<'_>) -> Result<Digest> {
    // ANCHOR: push
    let _ = (&store, &reference, &platform, &report); // what you have to work with
    todo!("ch7 step 5: push an image, its manifest last")
    // ANCHOR_END: push
}
