//! Step 3: a root file system out of the host's programs.

use std::path::Path;

use crate::Result;

/// Makes `rootfs` a directory that `programs` can run in.
///
/// Each program is copied with the libraries that it needs ([`crate::libraries`])
/// to the path that it has on the host. Many of these paths hold symbolic links:
/// on most systems `/bin`, `/lib` and `/lib64` are links into `/usr`, and the
/// loader is known only by its path in `/lib64`. So every link met on the way
/// ([`crate::resolve`]) is made again inside, and files are written to real
/// directories only: to write through a link of `rootfs` would be to follow it
/// to the host's own `/usr`.
///
/// `dev`, `proc`, `sys` and `tmp` are made too, empty: chapter 2 mounts there.
/// What is there already stays, and a program may be added later.
pub fn make_rootfs(rootfs: &Path, programs: &[&Path]) -> Result<()> {
    // ANCHOR: make_rootfs
    let _ = (&rootfs, &programs); // what you have to work with
    todo!("ch1 step 3: make a root file system out of host programs")
    // ANCHOR_END: make_rootfs
}
