//! Step 6: root in here, nobody special out there.

use sys::Result;

/// Moves this process into a new user namespace in which it is root.
///
/// A user namespace has its own user and group ids and a map of which id out
/// here stands behind each. Whoever makes one has every capability *in it*, and
/// over the other namespaces that are made from there. That is how everything
/// in this chapter works for a user without any privilege.
///
/// A user may map only their own two ids. Three files of `/proc/self` are
/// written, each in a single write, in this order:
///
/// 1. `setgroups` = `deny`: or a member of a group that is kept *from*
///    something could drop that group. Without this, `gid_map` is `EPERM`.
/// 2. `uid_map` = `0 UID 1`: "from 0 in here, UID out there, one id".
/// 3. `gid_map` = `0 GID 1`.
///
/// The ids must be read before the move: until the maps are written, everybody
/// is 65534 in there. `EINVAL` means that this process has threads. See
/// user_namespaces(7).
pub fn become_root() -> Result<()> {
    // ANCHOR: become_root
    todo!("ch2 step 6: be root without being root")
    // ANCHOR_END: become_root
}
