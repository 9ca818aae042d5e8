//! Step 7: what the caller of galley had.

use sys::Result;

/// Lets go of what a process inherits and a container's program must not have.
///
/// A program starts with much that its parent had. Each of these has been a way out:
///
/// - descriptors: one for a directory of the host leads there, namespaces or not. From 3 up,
///   all of them must close with execve(2), and not before: galley's own still report why
///   that failed.
/// - the session keyring: the kernel keeps passwords and keys there for the user who called
///   galley. Whoever possesses the keyring may search it. A new, empty one takes its place.
/// - protection from the out-of-memory killer: a service that must not be killed hands its
///   `oom_score_adj` on. A negative one becomes 0; another stays.
///
/// A kernel without keyrings, and a user with too many of them (`ENOSYS`, `EDQUOT`), are no
/// reason to fail: the seccomp filter refuses keyctl(2) as well.
///
/// # Errors
/// See close_range(2), keyrings(7), proc_pid_oom_score_adj(5).
pub fn drop_inherited() -> Result<()> {
    // ANCHOR: drop_inherited
    todo!("ch8 step 7: keep nothing of the caller's")
    // ANCHOR_END: drop_inherited
}
