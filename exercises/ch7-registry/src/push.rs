//! Pushing an image: its blobs first, its manifest last.

use std::io::Write;

use images::{Digest, Store};

use crate::{Reference, Result};

/// The most a manifest may have; registries need take no more
/// (distribution-spec, "Pushing Manifests").
pub const MANIFEST_LIMIT: u64 = 4 << 20;

/// Pushes the image that the store has under this name.
///
/// A registry refuses a manifest that names blobs it does not have, so layers
/// and config go first. The manifest goes under the tag, byte for byte as it is
/// stored, for its digest is the image's name (distribution-spec, "Pushing
/// Manifests"). `out` gets a line for each blob, and the digest. If the answer's
/// `docker-content-digest` is another one, the registry has broken a rule.
///
/// # Errors
/// [`Error::NoImage`] if there is none; else what the registry refuses.
pub fn push(store: &Store, reference: &Reference, out: &mut dyn Write) -> Result<Digest> {
    // ANCHOR: push
    let _ = (&store, &reference, &out); // what you have to work with
    todo!("ch7 step 5: push an image")
    // ANCHOR_END: push
}

/// The twelve digits that people see.
pub fn short(digest: &Digest) -> &str {
    &digest.hex()[..12]
}
