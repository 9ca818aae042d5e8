//! A layer becomes a directory.

use std::io::Read;
use std::path::Path;

use crate::Result;

/// Unpacks a layer's archive into `target`, and never outside it.
///
/// Whiteouts become the marks that overlayfs understands, so that `target` can be
/// stacked on other layers ([`archive::PathAt::apply_whiteout`]).
///
/// Directories get their attributes last: making a file in one changes its time, and its
/// mode may forbid it. A hard link gets none: it is another name of a file that has them.
///
/// # Errors
/// [`archive::Error`]: `Refused` for a name that leads outside, `TooLarge` if the archive
/// has more than `limit` bytes, `Malformed` or `Unsupported` for other archives. What was
/// unpacked so far is left to the caller to remove.
pub fn unpack(archive: &mut dyn Read, target: &Path, limit: u64) -> Result<()> {
    // ANCHOR: unpack
    let _ = (&archive, &target, &limit); // what you have to work with
    todo!("ch4 step 5: unpack a layer, entry by entry")
    // ANCHOR_END: unpack
}
