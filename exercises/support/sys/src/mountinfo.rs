//! What is mounted where: proc_pid_mountinfo(5).

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use crate::{Context, Result};

/// A mount, as this process sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountPoint {
    pub path: PathBuf,
    /// Such as `overlay` or `cgroup2`.
    pub fs_type: String,
    /// The options of the file system itself, such as `rw,memory`.
    pub super_options: String,
}

/// Reads the mounts of this process's mount namespace, in the order they were made.
///
/// # Errors
/// Those of open(2), where `/proc` is not mounted.
pub fn read_mountinfo() -> Result<Vec<MountPoint>> {
    let path = "/proc/self/mountinfo";
    Ok(fs::read_to_string(path).context("read", path)?.lines().filter_map(parse_line).collect())
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`: the
/// number of fields before the hyphen varies.
fn parse_line(line: &str) -> Option<MountPoint> {
    let (mount, file_system) = line.split_once(" - ")?;
    let mut fields = file_system.split(' ');
    let path = unescape(mount.split(' ').nth(4)?);
    Some(MountPoint { path, fs_type: fields.next()?.to_owned(), super_options: fields.nth(1)?.to_owned() })
}

/// Blanks, tabs, newlines and backslashes are written in octal, as `\040`.
fn unescape(text: &str) -> PathBuf {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) if *first == b'\\' => {
                bytes.push(byte);
                rest = &tail[3..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_after_the_hyphen_are_found() {
        let line = r"40 30 0:35 / /sys/fs/a\040b rw,nosuid shared:9 master:2 - cgroup cgroup rw,cpu,cpuacct";
        let expected =
            MountPoint { path: "/sys/fs/a b".into(), fs_type: "cgroup".into(), super_options: "rw,cpu,cpuacct".into() };
        assert_eq!(parse_line(line), Some(expected));
    }
}
