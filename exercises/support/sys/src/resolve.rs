//! Where a path leads when another directory is the root: path_resolution(7).

use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;

use crate::{Error, Result};

/// How many symbolic links a path may lead over: the kernel's own limit.
const MAX_LINKS: usize = 40;

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The path without a symbolic link or `..` in it, absolute as seen in the root.
    pub path: PathBuf,
    /// The symbolic links met on the way, in order: where each is, and its text.
    pub links: Vec<(PathBuf, PathBuf)>,
}

/// Follows `path` as a process would whose root is `root`: an absolute link starts again
/// at `root`, and `..` never leads above it.
///
/// What does not exist is taken as written, so the answer may be a path yet to be made.
/// The links are read one by one, so nobody may change them in the meantime.
///
/// # Errors
/// `ELOOP` after 40 links, which links that lead to each other reach.
pub fn resolve(root: &Path, path: &Path) -> Result<Resolved> {
    let mut resolved = Resolved { path: PathBuf::from("/"), links: Vec::new() };
    let mut pending = parts(path);
    while let Some(part) = pending.pop() {
        if part == ".." {
            resolved.path.pop();
            continue;
        }
        let here = resolved.path.join(&part);
        let Ok(text) = fs::read_link(join_root(root, &here)) else {
            resolved.path = here;
            continue;
        };
        if resolved.links.len() == MAX_LINKS {
            return Err(Error::at("resolve", path, Errno::ELOOP));
        }
        if text.is_absolute() {
            resolved.path = PathBuf::from("/");
        }
        pending.extend(parts(&text));
        resolved.links.push((here, text));
    }
    Ok(resolved)
}

/// The names and `..`s of a path, the first one last.
fn parts(path: &Path) -> Vec<OsString> {
    let is_step = |part: &Component| matches!(part, Component::Normal(_) | Component::ParentDir);
    path.components().rev().filter(is_step).map(|part| part.as_os_str().to_owned()).collect()
}

/// The host's path of an absolute path inside `root`. Follows no link; [`resolve`] does.
pub fn join_root(root: &Path, inside: &Path) -> PathBuf {
    root.join(inside.strip_prefix("/").unwrap_or(inside))
}
