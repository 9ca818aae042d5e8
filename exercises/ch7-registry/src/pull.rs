//! Step 8: an image is pulled, its manifest first, then what is missing of it.

use distribution::{Platform, Reference};
use http_client::Report;
use images::Store;
use storage::Image;

use crate::Result;

/// Pulls an image into the store and names it there.
///
/// One request asks for the manifest; if the store has everything that it names, no other
/// is needed. An index stands for several platforms, of which one is chosen.
/// Blobs come before the manifest and the manifest before the name, so a pull
/// that is cut off never leaves an image with a part missing (distribution-spec,
/// "Pulling manifests"; image-spec, image-index.md).
///
/// # Errors
/// [`distribution::Error::NoPlatform`], and those of the steps that it is made of.
pub fn pull(store: &Store, reference: &Reference, platform: &Platform, report: Report<'_>) -> Result<Image> {
    // ANCHOR: pull
    let _ = (&store, &reference, &platform, &report); // what you have to work with
    todo!("ch7 step 8: pull an image")
    // ANCHOR_END: pull
}
