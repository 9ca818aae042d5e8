//! Processes by descriptor instead of by number.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc::{SYS_pidfd_open, SYS_pidfd_send_signal, c_int, siginfo_t, syscall};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::wait::{Id, WaitPidFlag, waitid};

use crate::{Context, Error, Result};

/// A descriptor that means one process, also when its number has been given to another
/// one: pidfd_open(2).
#[derive(Debug)]
pub struct PidFd(OwnedFd);

impl PidFd {
    /// Opens the process that has this number now; `None` if there is none.
    ///
    /// # Errors
    /// pidfd_open(2), such as `EMFILE`.
    pub fn open(pid: i32) -> Result<Option<Self>> {
        // SAFETY: the call takes two integers and touches no memory of ours.
        match Errno::result(unsafe { syscall(SYS_pidfd_open, pid, 0) }) {
            // SAFETY: the kernel has just made this descriptor, and nobody else owns it.
            Ok(descriptor) => Ok(Some(Self(unsafe { OwnedFd::from_raw_fd(descriptor as c_int) }))),
            Err(Errno::ESRCH) => Ok(None),
            Err(errno) => Err(Error::new("pidfd_open", errno)),
        }
    }

    /// Sends a signal: pidfd_send_signal(2). To a process that has ended it does nothing.
    ///
    /// # Errors
    /// `EPERM` if the process is another user's.
    pub fn send_signal(&self, signal: Signal) -> Result<()> {
        let (process, no_info) = (self.0.as_raw_fd(), std::ptr::null::<siginfo_t>());
        // SAFETY: the descriptor is open; without a siginfo the call does what kill(2) does.
        match Errno::result(unsafe { syscall(SYS_pidfd_send_signal, process, signal as c_int, no_info, 0) }) {
            Ok(_) | Err(Errno::ESRCH) => Ok(()),
            Err(errno) => Err(Error::new("pidfd_send_signal", errno)),
        }
    }

    /// Waits for up to `limit` until the process has ended; tells whether it has. The
    /// process need not be a child: a pidfd becomes readable at the end of its process.
    ///
    /// # Errors
    /// poll(2), such as `ENOMEM`.
    pub fn wait(&self, limit: Duration) -> Result<bool> {
        // No deadline at all if it is too far away to be one.
        let deadline = Instant::now().checked_add(limit);
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let timeout =
                left.map_or(PollTimeout::NONE, |left| PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX));
            match poll(&mut [PollFd::new(self.as_fd(), PollFlags::POLLIN)], timeout) {
                Ok(0) if left.is_some_and(|left| left.is_zero()) => return Ok(false),
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => return Ok(true),
                Err(errno) => return Err(Error::new("poll", errno)),
            }
        }
    }

    /// Waits until a child has ended, and takes it out of the process table. It may have
    /// been waited for already.
    ///
    /// # Errors
    /// waitid(2).
    pub fn reap(&self) -> Result<()> {
        loop {
            match waitid(Id::PIDFd(self.as_fd()), WaitPidFlag::WEXITED) {
                Ok(_) | Err(Errno::ECHILD) => return Ok(()),
                Err(Errno::EINTR) => {}
                error => return error.map(drop).call("waitid"),
            }
        }
    }
}

impl AsFd for PidFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

    use std::process::Command;

    use super::*;

    #[test]
    fn a_process_that_was_waited_for_is_nobody_elses() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let process = PidFd::open(child.id().cast_signed()).unwrap().unwrap();
        assert!(!process.wait(Duration::ZERO).unwrap(), "it runs");
        process.send_signal(Signal::SIGKILL).unwrap();
        assert!(process.wait(Duration::MAX).unwrap());
        child.wait().unwrap();
        process.send_signal(Signal::SIGKILL).unwrap();
        process.reap().unwrap();
        assert!(process.wait(Duration::ZERO).unwrap(), "it has ended");
    }
}
