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
    use crate::Error;

    nix::unistd::chroot(rootfs).map_err(|errno| Error::at("chroot", rootfs, errno))?;
    nix::unistd::chdir("/").map_err(|errno| Error::at("chdir", "/", errno))
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
    use crate::Error;
    use nix::errno::Errno;
    use nix::sys::wait::waitpid;
    use nix::unistd::{ForkResult, fork};

    // SAFETY: this process has one thread.
    match unsafe { fork() }.map_err(|errno| Error::new("fork", errno))? {
        ForkResult::Child => {
            let code = match enter(rootfs) {
                Ok(()) => {
                    let error = crate::exec(argv, None);
                    eprintln!("{error}");
                    crate::exec_failure_code(error.errno)
                }
                Err(error) => {
                    eprintln!("{error}");
                    125
                }
            };
            crate::exit_now(code)
        }
        ForkResult::Parent { child } => loop {
            match waitpid(child, None) {
                Err(Errno::EINTR) => {}
                Ok(status) => return Ok(crate::exit_code(status)),
                Err(errno) => return Err(Error::new("waitpid", errno)),
            }
        },
    }
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
    use crate::Error;
    use nix::sys::stat::Mode;
    use nix::unistd::{UnlinkatFlags, chdir, chroot, mkdir, unlinkat};

    const CELL: &str = "galley-break-out";
    mkdir(CELL, Mode::S_IRWXU).map_err(|errno| Error::at("mkdir", CELL, errno))?;
    let entered = chroot(CELL);
    // Found from the working directory, so this works from above the root too.
    unlinkat(nix::fcntl::AT_FDCWD, CELL, UnlinkatFlags::RemoveDir).map_err(|errno| Error::at("rmdir", CELL, errno))?;
    entered.map_err(|errno| Error::at("chroot", CELL, errno))?;

    // At the real root, `..` leads to the root itself: too many are harmless,
    // and no path of at most PATH_MAX bytes has more than half as many parts.
    for _ in 0..nix::libc::PATH_MAX / 2 {
        chdir("..").map_err(|errno| Error::at("chdir", "..", errno))?;
    }
    chroot(".").map_err(|errno| Error::at("chroot", ".", errno))
    // ANCHOR_END: break_out
}
