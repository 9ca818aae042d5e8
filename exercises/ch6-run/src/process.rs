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
    let _ = (&directory, &container); // what you have to work with
    todo!("ch6 step 7: open the process that the record means")
    // ANCHOR_END: process
}
