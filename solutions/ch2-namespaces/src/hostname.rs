//! Step 1: a hostname of one's own.

use sys::Result;

/// Moves this process into a new UTS namespace and sets the hostname there.
///
/// unshare(2) changes the namespaces of its caller. The new one begins as a
/// copy of the old, so until sethostname(2) nothing looks different; after it,
/// the name differs here and nowhere else.
///
/// Needs `CAP_SYS_ADMIN`: `EPERM` without it. See uts_namespaces(7).
pub fn own_hostname(name: &str) -> Result<()> {
    // ANCHOR: own_hostname
    use nix::sched::{CloneFlags, unshare};
    use sys::Error;

    unshare(CloneFlags::CLONE_NEWUTS).map_err(|errno| Error::new("unshare", errno))?;
    nix::unistd::sethostname(name).map_err(|errno| Error::new("sethostname", errno))
    // ANCHOR_END: own_hostname
}
