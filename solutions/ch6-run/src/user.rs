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
    use crate::Error;

    let accounts = sys::read_accounts(&rootfs.join("etc/passwd"))?;
    let groups = sys::read_groups(&rootfs.join("etc/group"))?;
    let (user_text, group_text) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    let user_text = if user_text.is_empty() { "0" } else { user_text };
    let uid = sys::parse_id(user_text);
    let account = accounts.iter().find(|account| account.name == user_text || Some(account.uid) == uid);
    let gid = match group_text {
        Some(name) => {
            let number = sys::parse_id(name);
            let group = groups.iter().find(|group| group.name == name || Some(group.gid) == number);
            group.map(|group| group.gid).or(number).ok_or_else(|| Error::NoGroup(name.to_owned()))?
        }
        None => account.map_or(0, |account| account.gid),
    };
    let is_member = |group: &&sys::Group| account.is_some_and(|account| group.members.contains(&account.name));
    Ok(User {
        uid: account.map(|account| account.uid).or(uid).ok_or_else(|| Error::NoUser(user_text.to_owned()))?,
        gid,
        groups: groups.iter().filter(is_member).map(|group| group.gid).collect(),
        home: account.map_or_else(|| "/".into(), |account| account.home.clone()),
    })
    // ANCHOR_END: user
}
