//! Step 7: which process it is.

use std::path::Path;

use sys::PidFd;

use crate::container::Container;
use crate::error::Result;

/// Opens the first process of the container in `directory`, as a pidfd.
///
/// A pidfd means one process for ever (pidfd_open(2)). The `pid` in the record does not:
/// once the process has ended and its monitor has waited for it, the kernel may give the
/// number to a stranger. So the monitor must be alive *after* the number was looked up;
/// asked before, it could end between the two. See [`status`](crate::status).
///
/// # Errors
/// [`crate::Error::NotRunning`] with the container's name, if it was not started, has
/// ended, or its monitor has; those of pidfd_open(2).
pub fn process(directory: &Path, container: &Container) -> Result<PidFd> {
    // ANCHOR: process
    use crate::error::Error;
    use crate::status::{Status, status};

    let not_running = || Error::NotRunning(container.name.clone());
    let pid = container.pid.ok_or_else(not_running)?;
    let process = PidFd::open(pid)?.ok_or_else(not_running)?;
    match status(directory, container)? {
        // The monitor is alive now, so it was when the number was looked up.
        Status::Running => Ok(process),
        Status::Exited(_) | Status::Dead => Err(not_running()),
    }
    // ANCHOR_END: process
}
