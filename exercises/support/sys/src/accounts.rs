//! The users and groups that a root file system knows: passwd(5), group(5).
//!
//! The files are read as plain text. The C library must not be asked: it would read
//! the host's files, or load name-service plug-ins out of an image.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::libc::{O_NOCTTY, O_NONBLOCK};

use crate::{Context, Error, Result};

/// The largest file that is read, in bytes. It belongs to an image, so to a stranger.
const MAX_SIZE: u64 = 1 << 20;

/// A line of `/etc/passwd`: name:password:uid:gid:comment:home:shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub home: PathBuf,
}

/// A line of `/etc/group`: name:password:gid:member,member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    pub gid: u32,
    /// The names of its members, beside those whose own group it is.
    pub members: Vec<String>,
}

/// Reads the accounts in a file such as `/etc/passwd`. Lines that are not one are
/// skipped; a root without the file has no accounts.
///
/// # Errors
/// `EINVAL` if it is not a regular file, `EFBIG` if it is larger than 1 MiB, and
/// those of open(2).
pub fn read_accounts(path: &Path) -> Result<Vec<Account>> {
    let account = |fields: &[&str]| {
        let [name, _, uid, gid, _, home, ..] = fields else { return None };
        Some(Account { name: (*name).to_owned(), uid: parse_id(uid)?, gid: parse_id(gid)?, home: home.into() })
    };
    read_lines(path, account)
}

/// Reads the groups in a file such as `/etc/group`, as [`read_accounts`] does.
///
/// # Errors
/// Those of [`read_accounts`].
pub fn read_groups(path: &Path) -> Result<Vec<Group>> {
    let group = |fields: &[&str]| {
        let [name, _, gid, members, ..] = fields else { return None };
        let members = members.split(',').filter(|member| !member.is_empty()).map(str::to_owned).collect();
        Some(Group { name: (*name).to_owned(), gid: parse_id(gid)?, members })
    };
    read_lines(path, group)
}

/// Reads a user or group id: decimal digits alone, so neither `+80` nor ` 80`.
pub fn parse_id(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // The largest number is -1 to the kernel, which means "leave it as it is".
    text.parse().ok().filter(|id| digits && *id != u32::MAX)
}

fn read_lines<T>(path: &Path, parse: impl Fn(&[&str]) -> Option<T>) -> Result<Vec<T>> {
    // With O_NONBLOCK, a FIFO that nobody writes to can be opened and refused.
    let file = match OpenOptions::new().read(true).custom_flags(O_NONBLOCK | O_NOCTTY).open(path).context("open", path)
    {
        Err(error) if error.errno == Errno::ENOENT => return Ok(Vec::new()),
        opened => opened?,
    };
    if !file.metadata().context("stat", path)?.is_file() {
        return Err(Error::at("read", path, Errno::EINVAL));
    }
    let mut bytes = Vec::new();
    file.take(MAX_SIZE + 1).read_to_end(&mut bytes).context("read", path)?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(Error::at("read", path, Errno::EFBIG));
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().filter_map(|line| parse(&line.split(':').collect::<Vec<_>>())).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

    use std::fs;

    use nix::sys::stat::Mode;

    use super::*;

    #[test]
    fn entries_are_read_and_broken_lines_skipped() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("passwd");
        assert_eq!(read_accounts(&path).unwrap(), [], "no file, no accounts");
        fs::write(&path, "root:x:0:0:root:/root:/bin/sh\nshort:x:1\nplus:x:+1:1::/:\nada:x:10:20::/home/ada:/bin/sh")
            .unwrap();
        let accounts = read_accounts(&path).unwrap();
        assert_eq!(accounts.iter().map(|account| account.uid).collect::<Vec<_>>(), [0, 10]);
        assert_eq!(accounts[1], Account { name: "ada".into(), uid: 10, gid: 20, home: "/home/ada".into() });
        fs::write(&path, "root:x:0:\nknives:x:48:ada,bob\n").unwrap();
        assert_eq!(
            read_groups(&path).unwrap()[1],
            Group { name: "knives".into(), gid: 48, members: vec!["ada".into(), "bob".into()] }
        );
    }

    #[test]
    fn a_file_that_never_ends_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let fifo = directory.path().join("passwd");
        nix::unistd::mkfifo(&fifo, Mode::S_IRWXU).unwrap();
        assert_eq!(read_accounts(&fifo).unwrap_err().errno, Errno::EINVAL);
        assert_eq!(read_accounts(Path::new("/dev/zero")).unwrap_err().errno, Errno::EINVAL);
        let large = directory.path().join("large");
        fs::write(&large, vec![b'x'; MAX_SIZE as usize + 1]).unwrap();
        assert_eq!(read_accounts(&large).unwrap_err().errno, Errno::EFBIG);
    }
}
