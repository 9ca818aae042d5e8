//! Step 1: a hostname that only this process sees.

use sys::Result;

/// Moves this process into a new UTS namespace and sets the hostname there.
///
/// unshare(2) changes the namespaces of its caller. The new one begins as a copy of the
/// old, so until sethostname(2) nothing looks different. After it, the name differs here
/// and nowhere else.
///
/// # Errors
/// `EPERM` without `CAP_SYS_ADMIN`, `EINVAL` for a name of more than 64 bytes. See
/// uts_namespaces(7).
pub fn unshare_uts(hostname: &str) -> Result<()> {
    // ANCHOR: unshare_uts
    let _ = &hostname; // what you have to work with
    todo!("ch2 step 1: take a hostname of your own")
    // ANCHOR_END: unshare_uts
}
