//! Step 6: root in here, an ordinary user out there.

use sys::Result;

/// Moves this process into a new user namespace in which it is root.
///
/// A user namespace has user and group ids of its own, and a map that tells which id out
/// here stands behind each. The process that makes one has every capability *in it*, and
/// over the other namespaces that are made from there. That is how everything in this
/// chapter works for a user without any privilege.
///
/// A user may map only their own two ids. Three files of `/proc/self` are written, each
/// in a single write, in this order:
///
/// 1. `setgroups` = `deny`. Some files are readable by everyone *except* the members of a
///    group; a member who could drop that group would get around the rule. Without this,
///    `gid_map` is `EPERM`.
/// 2. `uid_map` = `0 UID 1`: from 0 in here, UID out there, one id.
/// 3. `gid_map` = `0 GID 1`.
///
/// The ids must be read before the move: until the maps are written, every id shows as
/// 65534 in there.
///
/// # Errors
/// `EINVAL` if this process has a second thread, `EPERM` where user namespaces are
/// restricted, `ENOSPC` at the limit on their number. See user_namespaces(7).
pub fn map_root_user() -> Result<()> {
    // ANCHOR: map_root_user
    todo!("ch2 step 6: be root in a user namespace")
    // ANCHOR_END: map_root_user
}
