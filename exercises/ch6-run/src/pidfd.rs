//! Processes by descriptor instead of by number: pidfd_open(2).

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use crate::error::{Error, Result};

/// Opens a process; `None` if there is none with this number.
pub fn open(pid: i32) -> Result<Option<OwnedFd>> {
    // SAFETY: pidfd_open takes two integers and touches no memory of ours.
    let result = unsafe { nix::libc::syscall(nix::libc::SYS_pidfd_open, pid, 0) };
    match Errno::result(result) {
        // SAFETY: the kernel has just made this descriptor, and nobody else owns it.
        Ok(descriptor) => Ok(Some(unsafe { OwnedFd::from_raw_fd(descriptor as RawFd) })),
        Err(Errno::ESRCH) => Ok(None),
        Err(errno) => Err(Error::call("pidfd_open")(errno)),
    }
}

/// pidfd_send_signal(2). A process that has ended already is no error.
pub fn send(process: BorrowedFd<'_>, signal: Signal) -> Result<()> {
    // SAFETY: the descriptor is borrowed, so it is open; a null siginfo asks for
    // the same as kill(2).
    let result = unsafe {
        nix::libc::syscall(
            nix::libc::SYS_pidfd_send_signal,
            process.as_raw_fd(),
            signal as nix::libc::c_int,
            std::ptr::null::<nix::libc::siginfo_t>(),
            0,
        )
    };
    match Errno::result(result) {
        Ok(_) | Err(Errno::ESRCH) => Ok(()),
        Err(errno) => Err(Error::call("pidfd_send_signal")(errno)),
    }
}

/// Waits until the process has ended, for up to `limit`; tells whether it has.
pub fn ended(process: BorrowedFd<'_>, limit: Duration) -> Result<bool> {
    let deadline = Instant::now() + limit;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(process.as_fd(), PollFlags::POLLIN)], timeout) {
            Ok(0) if left.is_zero() => return Ok(false),
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(true),
            Err(errno) => return Err(Error::call("poll")(errno)),
        }
    }
}
