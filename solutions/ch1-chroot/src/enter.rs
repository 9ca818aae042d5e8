//! Steps 4 to 6: into the new root, a program inside it, and out again.

use std::ffi::CString;
use std::path::Path;

use sys::Result;

/// Makes `rootfs` the root directory of this process, and its working directory.
///
/// chroot(2) changes where an absolute path starts, and nothing else. The working
/// directory stays where it was, which is outside. From there each relative path, and
/// each `..`, still reaches the whole host until chdir(2) moves it inside.
///
/// # Errors
/// `EPERM` without `CAP_SYS_CHROOT`, `ENOENT`, `ENOTDIR`.
pub fn enter(rootfs: &Path) -> Result<()> {
    // ANCHOR: enter
    use sys::Context;

    nix::unistd::chroot(rootfs).context("chroot", rootfs)?;
    nix::unistd::chdir("/").context("chdir", "/")
    // ANCHOR_END: enter
}

/// Runs a program with `rootfs` as its root, and gives its exit code as [`crate::run`]
/// does.
///
/// Only the child enters: the caller still has work to do outside, and could not rely on
/// a way back. The program, the `PATH` in which it is looked up and its libraries are all
/// found inside. A child that cannot enter says why and ends with 125.
///
/// # Errors
/// Those of fork(2) and waitpid(2).
pub fn run_inside(rootfs: &Path, argv: &[CString]) -> Result<u8> {
    // ANCHOR: run_inside
    use nix::errno::Errno;
    use nix::sys::wait::waitpid;
    use nix::unistd::{ForkResult, fork};
    use sys::{Context, exec, exit_now};

    // SAFETY: this process has one thread.
    match unsafe { fork() }.call("fork")? {
        ForkResult::Child => {
            let code = match enter(rootfs) {
                Ok(()) => {
                    let error = exec(argv, None);
                    eprintln!("{error}");
                    error.exit_code()
                }
                Err(error) => {
                    eprintln!("{error}");
                    125
                }
            };
            exit_now(code)
        }
        ForkResult::Parent { child } => loop {
            match waitpid(child, None) {
                Err(Errno::EINTR) => {}
                status => return status.call("waitpid").map(crate::exit_code),
            }
        },
    }
    // ANCHOR_END: run_inside
}

/// Leaves a root that was entered with chroot(2), as root inside it always can.
///
/// A process has one root at a time, and the kernel stops a walk over `..` only at that
/// one. A second chroot into a directory below moves the root down and leaves the working
/// directory where it is, which is now above the root. From there nothing stops `..`
/// before the real root, and a third chroot makes that one ours.
///
/// The directory below is made for this purpose, and removed again on the way.
///
/// This is not a bug in the kernel: chroot(2) says that it is not meant to be a prison.
/// Chapter 2 replaces the mounts themselves, and then there is no outside left.
///
/// # Errors
/// `EPERM` without `CAP_SYS_CHROOT`, and those of mkdir(2), such as `EROFS`.
pub fn break_out() -> Result<()> {
    // ANCHOR: break_out
    use nix::sys::stat::Mode;
    use nix::unistd::{UnlinkatFlags, chdir, chroot, mkdir, unlinkat};
    use sys::Context;

    const CELL: &str = "galley-break-out";
    mkdir(CELL, Mode::S_IRWXU).context("mkdir", CELL)?;
    let entered = chroot(CELL);
    // Found from the working directory, so this works from above the root too.
    unlinkat(nix::fcntl::AT_FDCWD, CELL, UnlinkatFlags::RemoveDir).context("rmdir", CELL)?;
    entered.context("chroot", CELL)?;

    // At the real root, `..` leads to the root itself, so too many steps are harmless,
    // and a path of at most PATH_MAX bytes has at most half as many parts.
    for _ in 0..nix::libc::PATH_MAX / 2 {
        chdir("..").context("chdir", "..")?;
    }
    chroot(".").context("chroot", ".")
    // ANCHOR_END: break_out
}
