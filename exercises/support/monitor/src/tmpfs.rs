//! An empty file system in memory.

use std::path::PathBuf;

use nix::mount::MsFlags;

use crate::error::{Error, Result};

/// A directory inside whose files are in memory, and gone with the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tmpfs {
    pub target: PathBuf,
    pub flags: MsFlags,
    /// What tmpfs(5) itself reads: `size=…`, `mode=…` and the like.
    pub options: String,
}

/// As Docker mounts it: without devices, programs, and programs that change the user.
const DEFAULT_FLAGS: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV).union(MsFlags::MS_NOEXEC);

impl Tmpfs {
    /// Reads `PATH[:OPTIONS]`, such as `/run:size=64m,mode=755,exec`. Of options
    /// that contradict each other the last one wins.
    ///
    /// # Errors
    /// [`Error::Tmpfs`]: the path is not absolute or `/` itself, or an option is
    /// unknown or has no value that tmpfs takes.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |reason: String| Error::Tmpfs { text: text.to_owned(), reason };
        let (target, words) = text.split_once(':').unwrap_or((text, ""));
        if !target.starts_with('/') || target.chars().all(|letter| letter == '/') {
            return Err(refuse("the path must begin with / and be longer than that".to_owned()));
        }
        let mut flags = DEFAULT_FLAGS;
        let mut options = Vec::new();
        for word in words.split(',').filter(|word| !word.is_empty()) {
            match (flag(word), word.split_once('=')) {
                (Some((flag, on)), _) => flags.set(flag, on),
                (None, Some((name, value))) if takes(name, value) => options.push(word),
                (None, Some((name, value))) if NAMES.contains(&name) => {
                    return Err(refuse(format!("'{value}' is not a value for {name}")));
                }
                _ => return Err(refuse(format!("there is no option '{word}'"))),
            }
        }
        // tmpfs(5): 1777 is the kernel's default, and Docker's.
        Ok(Self { target: target.into(), flags, options: options.join(",") })
    }
}

/// What a word says of a mount flag: which, and whether it is set.
fn flag(word: &str) -> Option<(MsFlags, bool)> {
    Some(match word {
        "ro" => (MsFlags::MS_RDONLY, true),
        "rw" => (MsFlags::MS_RDONLY, false),
        "nosuid" => (MsFlags::MS_NOSUID, true),
        "suid" => (MsFlags::MS_NOSUID, false),
        "nodev" => (MsFlags::MS_NODEV, true),
        "dev" => (MsFlags::MS_NODEV, false),
        "noexec" => (MsFlags::MS_NOEXEC, true),
        "exec" => (MsFlags::MS_NOEXEC, false),
        _ => return None,
    })
}

const NAMES: [&str; 5] = ["size", "nr_inodes", "mode", "uid", "gid"];

/// Whether tmpfs takes this value for this option. Its own answer to a bad one is
/// EINVAL, which does not say which.
fn takes(name: &str, value: &str) -> bool {
    let amount = |units: &[char]| value.strip_suffix(units).unwrap_or(value).parse::<u64>().is_ok();
    match name {
        "size" => amount(&['k', 'K', 'm', 'M', 'g', 'G', '%']),
        "nr_inodes" => amount(&['k', 'K', 'm', 'M', 'g', 'G']),
        "mode" => u32::from_str_radix(value, 8).is_ok_and(|mode| mode <= 0o7777),
        "uid" | "gid" => value.parse::<u32>().is_ok(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

    use super::*;

    #[test]
    fn options_are_those_of_docker() {
        let parse = |text| Tmpfs::parse(text).unwrap();
        let usual = parse("/run");
        assert_eq!((usual.target.to_str(), usual.flags, usual.options.as_str()), (Some("/run"), DEFAULT_FLAGS, ""));
        let full = parse("/run:rw,exec,size=64m,mode=755,nr_inodes=1k,uid=0,gid=5");
        assert_eq!(full.flags, MsFlags::MS_NOSUID | MsFlags::MS_NODEV);
        assert_eq!(full.options, "size=64m,mode=755,nr_inodes=1k,uid=0,gid=5");
        assert_eq!(parse("/a:ro").flags, DEFAULT_FLAGS | MsFlags::MS_RDONLY);
        assert_eq!(parse("/a:exec,noexec").flags, DEFAULT_FLAGS, "the last one wins");
        assert_eq!(parse("/a:size=50%").options, "size=50%");
    }

    #[test]
    fn what_tmpfs_would_not_take_is_named() {
        for (text, word) in [
            ("run", "begin with /"),
            ("/", "longer"),
            ("", "begin with /"),
            ("/run:huge", "'huge'"),
            ("/run:size=big", "'big' is not a value for size"),
            ("/run:size=", "'' is not a value for size"),
            ("/run:mode=789", "'789' is not a value for mode"),
            ("/run:mode=77777", "mode"),
            ("/run:lowerdir=/", "'lowerdir=/'"),
        ] {
            let refused = Tmpfs::parse(text).unwrap_err().to_string();
            assert!(refused.contains(word) && refused.lines().count() == 1, "{text}: {refused}");
        }
    }
}
