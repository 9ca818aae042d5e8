//! Session keyrings: keyrings(7).

use nix::errno::Errno;
use nix::libc::{KEYCTL_JOIN_SESSION_KEYRING, SYS_keyctl, syscall};

/// Joins a new, empty session keyring without a name: keyctl(2).
///
/// # Errors
/// `ENOSYS` where the kernel has no keyrings, `EDQUOT` where the user has too many.
pub fn join_session_keyring() -> nix::Result<()> {
    // SAFETY: a null name asks for a keyring without one; no memory is read.
    let result = unsafe { syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, std::ptr::null::<u8>()) };
    Errno::result(result).map(drop)
}
