//! Step 7: which process it is.

use std::path::Path;

use sys::PidFd;

use crate::container::Container;
use crate::error::Result;

/// Opens the first process of the container in `directory`, as a pidfd.
///
/// A pidfd means one process for ever (pidfd_open(2)). The `pid` in the record does not:
/// once the process has ended and was waited for, the kernel may give the number to a
/// stranger. That cannot have happened while the monitor lives, because it waits for the
/// process and then ends. So the order matters: open first, and then ask for the
/// [`status`](crate::status).
///
/// # Errors
/// [`crate::Error::NotRunning`] with the container's name, if it was not started, has
/// ended, or its monitor has; those of pidfd_open(2).
pub fn process(directory: &Path, container: &Container) -> Result<PidFd> {
    // ANCHOR: process
    let _ = (&directory, &container); // what you have to work with
    todo!("ch6 step 7: open the process that the record means")
    // ANCHOR_END: process
}
