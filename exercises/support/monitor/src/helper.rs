//! Processes that serve a container, and end with it.

use nix::sys::signal::Signal;
use nix::unistd::{Pid, getpid};
use sys::PidFd;

/// Starts a child that runs `body`, and is killed when its parent ends, however it ends.
///
/// # Errors
/// Those of [`sys::fork`] and [`open_child`].
pub(crate) fn start_helper(body: impl FnOnce() -> u8) -> sys::Result<PidFd> {
    let parent = getpid();
    open_child(sys::fork(|| if sys::die_with_parent(parent).is_ok() { body() } else { 1 })?)
}

/// A pidfd of a child that nobody has waited for yet: until then, the number is its own.
///
/// # Errors
/// pidfd_open(2).
pub(crate) fn open_child(child: Pid) -> sys::Result<PidFd> {
    PidFd::open(child.as_raw())?.ok_or_else(|| sys::Error::new("pidfd_open", nix::errno::Errno::ESRCH))
}

/// Kills a helper and waits for its end. It may have ended, and been waited for, long
/// ago: then its number may be a stranger's, but the pidfd is not.
///
/// # Errors
/// pidfd_send_signal(2), waitid(2).
pub(crate) fn kill_helper(helper: &PidFd) -> sys::Result<()> {
    helper.send_signal(Signal::SIGKILL)?;
    helper.reap()
}
