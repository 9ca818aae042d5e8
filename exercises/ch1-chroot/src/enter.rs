//! Steps 4 to 6: into the new root, a program inside it, and out again.

use std::ffi::CString;
use std::path::Path;

use crate::Result;

/// Makes `rootfs` the root directory of this process, and its working directory.
///
/// chroot(2) changes what an absolute path starts from, and nothing else. The
/// working directory stays where it was: outside. From there every relative
/// path, and every `..`, still reaches the whole host. So the second call,
/// chdir(2), is not a matter of tidiness.
///
/// Needs `CAP_SYS_CHROOT`; errors are `EPERM` without it, `ENOENT` and `ENOTDIR`.
pub fn enter(rootfs: &Path) -> Result<()> {
    // ANCHOR: enter
    let _ = &rootfs; // what you have to work with
    todo!("ch1 step 4: enter the new root")
    // ANCHOR_END: enter
}

/// Runs a program with `rootfs` as its root, and gives its exit code as
/// [`crate::run`] does.
///
/// Only the child enters: there is no way back out that a program should rely
/// on, and the caller still has work to do outside. The program, the `PATH` it
/// is looked up in and its libraries are then all found inside. A child that
/// cannot enter says why and ends with 125.
pub fn run_inside(rootfs: &Path, argv: &[CString]) -> Result<u8> {
    // ANCHOR: run_inside
    let _ = (&rootfs, &argv); // what you have to work with
    todo!("ch1 step 5: run a program inside it")
    // ANCHOR_END: run_inside
}

/// Leaves a root that was entered with chroot(2), as any root user inside can.
///
/// A process has one root at a time, and the kernel stops a walk over `..` only
/// at that one. A second chroot into a directory below moves the root down and
/// leaves the working directory where it is, now above the root. From there
/// nothing stops `..` until the real root; a third chroot makes that ours.
///
/// The directory below is made for this, and removed again on the way.
///
/// This is no fault of the kernel: chroot(2) says that it is not meant to be a
/// prison. [`enter`] puts up a sign; chapter 2 takes the rest of the world away.
pub fn break_out() -> Result<()> {
    // ANCHOR: break_out
    todo!("ch1 step 6: break out again")
    // ANCHOR_END: break_out
}
