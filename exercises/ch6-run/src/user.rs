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
    let _ = (&rootfs, &text); // what you have to work with
    todo!("ch6 step 2: find the user in the image")
    // ANCHOR_END: user
}

/// The entries of a colon-separated file; lines with too few fields are skipped,
/// and an image without the file has no entries.
pub fn lines(path: &Path, fields: usize) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let split = text.lines().map(|line| line.split(':').map(str::to_owned).collect::<Vec<_>>());
    split.filter(|entry| entry.len() >= fields).collect()
}
