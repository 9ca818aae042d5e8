//! Step 8: ask, wait, then insist.

use std::time::Duration;

use nix::sys::signal::Signal;
use sys::PidFd;

use crate::error::Result;

/// Ends a process: sends `signal`, waits for up to `grace`, then sends SIGKILL and waits
/// for up to 10 s. Returns whether it ended before SIGKILL.
///
/// Process 1 of a pid namespace ignores every signal that it has no handler for, even
/// SIGTERM (pid_namespaces(7)): Python does, and then the whole grace is waited.
///
/// # Errors
/// poll(2) or pidfd_send_signal(2): `EPERM` if the process is another user's. A process
/// that has ended already is not an error. `ETIMEDOUT` if even SIGKILL did not end it.
pub fn stop(process: &PidFd, signal: Signal, grace: Duration) -> Result<bool> {
    // ANCHOR: stop
    let _ = (&process, &signal, &grace); // what you have to work with
    todo!("ch6 step 8: ask, wait, then insist")
    // ANCHOR_END: stop
}
