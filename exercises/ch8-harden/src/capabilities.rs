//! Step 1: root with fewer rights.

use confine::CapSet;
use sys::Result;

/// Leaves this thread, and every program that it starts, at most the capabilities `keep`.
///
/// The kernel checks a capability, not the user id 0. A thread has five sets of them. Root's
/// *effective* and *permitted* sets are filled again by each execve(2), from the *bounding*
/// set: a capability that is gone from there never comes back. The *inheritable* and
/// *ambient* sets pass capabilities on to programs of users who are not root.
///
/// Afterward the bounding set has nothing that is not in `keep`, the effective and permitted
/// sets are what was permitted of `keep`, and the other two are empty. Older kernels have
/// fewer capabilities: for a number beyond the last one, `PR_CAPBSET_READ` is `EINVAL`.
///
/// # Errors
/// `EPERM` without `CAP_SETPCAP` in the effective set, which dropping from the bounding set
/// takes. See capabilities(7), "Thread capability sets"; PR_CAPBSET_DROP(2const).
pub fn limit_capabilities(keep: CapSet) -> Result<()> {
    // ANCHOR: limit_capabilities
    let _ = &keep; // what you have to work with
    todo!("ch8 step 1: leave root a third of its rights")
    // ANCHOR_END: limit_capabilities
}
