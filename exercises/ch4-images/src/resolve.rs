//! From a name in a layer to an open directory beneath the root.
//!
//! The kernel resolves every name, since a link of an earlier entry may be on the way, and
//! everything is then done relative to the descriptor that it gave.

use std::os::fd::AsFd;
use std::path::Path;

use archive::PathAt;

use crate::Result;

/// Opens the directory that holds `name`, beneath the open directory `root`, and makes
/// the directories on the way that the layer does not list.
///
/// openat2(2) with `RESOLVE_BENEATH` refuses, with `EXDEV`, a path that leaves the root:
/// an absolute one, `..`, or a symbolic link of either kind. `RESOLVE_NO_MAGICLINKS`
/// refuses the links of `/proc`, with `ELOOP`. `EAGAIN` asks for another try: while `..`
/// was looked at, something was renamed or mounted, and the kernel could not tell where
/// it leads.
///
/// # Errors
/// [`archive::Error::Refused`] for a name that leads out of the root or has no last part.
pub fn resolve_beneath(root: impl AsFd + Copy, name: &Path) -> Result<PathAt> {
    // ANCHOR: resolve_beneath
    let _ = (&root, &name); // what you have to work with
    todo!("ch4 step 4: find a name's directory, and never outside the root")
    // ANCHOR_END: resolve_beneath
}
