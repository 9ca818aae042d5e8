//! Step 5: ask, wait, then insist.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::container::{Container, Containers};
use crate::error::Result;
use crate::pidfd;

/// Ends a process: sends `signal`, waits for up to `grace`, then sends SIGKILL.
/// Returns whether it ended by itself.
///
/// `process` is a pidfd (pidfd_open(2)). A number could by now belong to another
/// process; a pidfd never does. It becomes readable when the process has ended.
///
/// Process 1 of a pid namespace ignores every signal it has no handler for, even
/// SIGTERM (pid_namespaces(7)): Python does, and then the full grace is waited.
///
/// # Errors
/// poll(2) or pidfd_send_signal(2): EPERM if the process is somebody else's.
pub fn stop(process: BorrowedFd<'_>, signal: Signal, grace: Duration) -> Result<bool> {
    // ANCHOR: stop
    let _ = (&process, &signal, &grace); // what you have to work with
    todo!("ch6 step 5: ask, wait, then insist")
    // ANCHOR_END: stop
}

/// Stops a container, and waits until its monitor has put everything away.
///
/// # Errors
/// Those of [`stop`]; a container that has ended meanwhile is no error.
pub fn stop_container(containers: &Containers, container: &Container, signal: Signal, grace: Duration) -> Result<()> {
    let Some(pid) = container.pid else { return Ok(()) };
    let Some(process) = pidfd::open(pid)? else { return Ok(()) };
    let Some(lock) = containers.lock_of(container)? else { return Ok(()) };
    // The number was written down a while ago. As long as the monitor lives, it
    // has not been given to another process.
    if containers.is_running(container)? {
        stop(process.as_fd(), signal, grace)?;
        Containers::wait(lock)?;
    }
    Ok(())
}
