//! Step 2: who runs it.

use std::path::{Path, PathBuf};

use crate::Result;

/// A user of the container, by number. The kernel knows no names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub uid: u32,
    pub gid: u32,
    /// Supplementary groups, from the image's `/etc/group`.
    pub groups: Vec<u32>,
    /// For `$HOME`.
    pub home: PathBuf,
}

/// Finds the user that `text` means: `name`, `uid`, `name:group` or `uid:gid`, as
/// in a Dockerfile's USER and in `--user`. Empty text means root.
///
/// The names are looked up in the image's own `/etc/passwd` and `/etc/group`, which
/// [`sys::read_accounts`] and [`sys::read_groups`] read. A user without an entry has
/// group 0, no supplementary groups, and the home `/`.
///
/// # Errors
/// [`crate::Error::NoUser`] or [`crate::Error::NoGroup`] for a name that is not there.
/// A number ([`sys::parse_id`]) needs no entry, as in Docker. `EINVAL` and `EFBIG` if
/// the image's file cannot be one: see [`sys::read_accounts`].
pub fn user(rootfs: &Path, text: &str) -> Result<User> {
    // ANCHOR: user
    let _ = (&rootfs, &text); // what you have to work with
    todo!("ch6 step 2: find the user in the image")
    // ANCHOR_END: user
}
