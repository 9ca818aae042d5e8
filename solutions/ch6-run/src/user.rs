//! Step 2: who runs it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;

/// A user of the container, by number. The kernel knows no names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub uid: u32,
    pub gid: u32,
    /// Supplementary groups from the image's `/etc/group`.
    pub groups: Vec<u32>,
    /// For `$HOME`.
    pub home: PathBuf,
}

/// Finds the user that `text` means: `name`, `uid`, `name:group` or `uid:gid`, as
/// in a Dockerfile's USER and in `--user`. Empty text means root.
///
/// The names are looked up in the image's own `/etc/passwd` and `/etc/group`,
/// read as plain text (passwd(5), group(5)). The C library must not be asked: it
/// would read the host's files, or load name-service plug-ins out of the image.
///
/// Whoever has no entry has the group 0, no further groups, and the home `/`.
///
/// # Errors
/// [`crate::Error::NoUser`] or [`crate::Error::NoGroup`] for a name that is not there. A number
/// needs no entry, as in Docker.
pub fn user(rootfs: &Path, text: &str) -> Result<User> {
    // ANCHOR: user
    use crate::Error;

    let passwd = lines(&rootfs.join("etc/passwd"), 7);
    let group = lines(&rootfs.join("etc/group"), 4);
    let (user_text, group_text) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    let user_text = if user_text.is_empty() { "0" } else { user_text };

    // name:password:uid:gid:comment:home:shell
    let entry = passwd.iter().find(|fields| fields[0] == user_text || fields[2] == user_text);
    let number = |field: usize| entry.and_then(|fields| fields[field].parse().ok());
    let uid = number(2).or(user_text.parse().ok()).ok_or_else(|| Error::NoUser(user_text.to_owned()))?;
    let home = entry.map_or_else(|| PathBuf::from("/"), |fields| PathBuf::from(&fields[5]));

    // name:password:gid:member,member
    let gid_of = |name: &str| {
        let entry = group.iter().find(|fields| fields[0] == name || fields[2] == name);
        entry
            .and_then(|fields| fields[2].parse().ok())
            .or(name.parse().ok())
            .ok_or_else(|| Error::NoGroup(name.to_owned()))
    };
    let gid = match group_text {
        Some(name) => gid_of(name)?,
        None => number(3).unwrap_or(0),
    };
    let name = entry.map(|fields| fields[0].as_str());
    let is_member = |fields: &&Vec<String>| fields[3].split(',').any(|member| Some(member) == name);
    let groups = group.iter().filter(is_member).filter_map(|fields| fields[2].parse().ok()).collect();
    Ok(User { uid, gid, groups, home })
    // ANCHOR_END: user
}

/// The entries of a colon-separated file; lines with too few fields are skipped,
/// and an image without the file has no entries.
pub fn lines(path: &Path, fields: usize) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let split = text.lines().map(|line| line.split(':').map(str::to_owned).collect::<Vec<_>>());
    split.filter(|entry| entry.len() >= fields).collect()
}
