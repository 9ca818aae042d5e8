//! What a process arranges for its end, and for the program that it becomes.

use std::io;

use nix::errno::Errno;
use nix::libc::{CLOSE_RANGE_CLOEXEC, SYS_close_range, syscall};
use nix::sys::prctl;
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::unistd::{Pid, getppid};

use crate::{Context, Result};

/// Asks the kernel to kill this process when its parent ends: PR_SET_PDEATHSIG(2const).
///
/// `parent` is the process that is meant. Had it ended before this call, the signal
/// would never come. Two system calls, which neither allocate nor take a lock, so it may
/// be called between fork and exec. A change of the user clears what was asked.
///
/// # Errors
/// `NotFound` if the parent has ended.
pub fn die_with_parent(parent: Pid) -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    if getppid() == parent { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
}

/// Closes every descriptor from `first` on, for a process that will never exec.
///
/// # Errors
/// close_range(2): `ENOSYS` before Linux 5.9.
///
/// # Safety
/// No owner of such a descriptor may use or drop it afterward, because its number can by
/// then mean another file.
pub unsafe fn close_from(first: u32) -> Result<()> {
    // SAFETY: the call takes three numbers; the caller answers for the owners.
    let result = unsafe { syscall(SYS_close_range, first, u32::MAX, 0) };
    Errno::result(result).map(drop).call("close_range")
}

/// Lets every descriptor from `first` on be closed by execve(2), not before: until then
/// they can still report why it failed. What a shell has open when it starts galley may
/// lead out of the container.
///
/// # Errors
/// close_range(2): `EINVAL` or `ENOSYS` before Linux 5.11.
pub fn set_cloexec_from(first: u32) -> Result<()> {
    // SAFETY: the call takes three numbers, and closes nothing yet.
    let result = unsafe { syscall(SYS_close_range, first, u32::MAX, CLOSE_RANGE_CLOEXEC) };
    Errno::result(result).map(drop).call("close_range")
}

/// Lets this process survive Ctrl-C and Ctrl-\, which go to every process of the
/// terminal's foreground group: the program decides what they mean, and this process
/// still has to clean up after it.
pub fn ignore_keyboard_signals() {
    extern "C" fn nothing(_: nix::libc::c_int) {}
    for key in [Signal::SIGINT, Signal::SIGQUIT] {
        // SAFETY: the handler does nothing. It is one, and not SIG_IGN, because exec
        // resets handlers, and the program would inherit SIG_IGN.
        let _ = unsafe { signal(key, SigHandler::Handler(nothing)) };
    }
}
