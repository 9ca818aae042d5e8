//! Step 3: a root file system out of the host's programs.

use std::path::Path;

use sys::Result;

/// Makes `rootfs` a directory in which `programs` can run.
///
/// Each program is copied, with the libraries that it needs ([`sys::libraries`]), to the path
/// that it has on the host. Many of these paths lead over symbolic links: on most systems
/// `/bin`, `/lib` and `/lib64` are links into `/usr`, and programs name their loader by
/// its path in `/lib64`. So each link on the way ([`sys::resolve`]) is made again inside, and
/// files are written to real directories only. Writing through a link of `rootfs` would
/// follow it to the host's own `/usr`.
///
/// `dev`, `proc`, `sys` and `tmp` are made too, empty: chapter 2 mounts there. Files that
/// are there already stay, and a program may be added later.
///
/// # Errors
/// `ENOENT` for a missing program, `ENOEXEC` for a file that is not a program of this
/// machine, and those of mkdir(2), symlink(2) and open(2).
pub fn make_rootfs(rootfs: &Path, programs: &[&Path]) -> Result<()> {
    // ANCHOR: make_rootfs
    let _ = (&rootfs, &programs); // what you have to work with
    todo!("ch1 step 3: make a root file system out of host programs")
    // ANCHOR_END: make_rootfs
}
