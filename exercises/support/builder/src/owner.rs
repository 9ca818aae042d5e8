//! Users and groups as the image knows them.

use std::path::Path;

use dockerfile::Diagnostic;
use sys::{parse_id, read_accounts, read_groups};

use crate::context::resolve_beneath;
use crate::error::Result;

/// Somebody whom the image's passwd(5) and group(5) know, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    pub uid: u32,
    /// The group that was asked for: `user:group`.
    pub group: Option<u32>,
    /// The user's own group, if the user has a line in the file.
    pub own_group: Option<u32>,
}

impl Owner {
    /// Looks up `user` or `user:group`, names or numbers, in the image that is mounted at
    /// `root`.
    ///
    /// # Errors
    /// A name that the image does not know, and files that cannot be read.
    pub fn find(root: &Path, text: &str) -> Result<Self> {
        let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
        let accounts = read_accounts(&resolve_beneath(root, Path::new("/etc/passwd"))?)?;
        let account = accounts.iter().find(|account| account.name == user);
        let uid = parse_id(user).or(account.map(|account| account.uid)).ok_or_else(|| unknown(user, "/etc/passwd"))?;
        let group = match group {
            None => None,
            Some(name) => {
                let groups = read_groups(&resolve_beneath(root, Path::new("/etc/group"))?)?;
                let named = || groups.iter().find(|group| group.name == name).map(|group| group.gid);
                Some(parse_id(name).or_else(named).ok_or_else(|| unknown(name, "/etc/group"))?)
            }
        };
        Ok(Self { uid, group, own_group: account.map(|account| account.gid) })
    }
}

fn unknown(name: &str, file: &str) -> Diagnostic {
    Diagnostic::new(name, format!("'{name}' is not in the image's {file}"))
        .suggest("add it in a RUN, or write its number")
}

/// Reads `--chmod`: octal digits.
pub fn parse_mode(text: &str) -> Result<u32> {
    match u32::from_str_radix(text, 8) {
        Ok(mode) if mode <= 0o7777 => Ok(mode),
        _ => Err(Diagnostic::new(text, format!("'{text}' is not a mode")).suggest("write octal digits, such as 0755"))?,
    }
}
