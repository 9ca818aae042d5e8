//! Paths below the context, or below an image's root.

use std::fs;
use std::path::{Path, PathBuf};

use dockerfile::{Diagnostic, Pattern};
use sys::{Context, join_root};

use crate::error::Result;

/// The host's path of `path` as a process would find it whose root directory is `root`: a
/// link to `/etc` means `root/etc`, and `..` ends at the root. It need not exist.
///
/// # Errors
/// `ELOOP` for links that lead to each other.
pub fn resolve_beneath(root: &Path, path: &Path) -> sys::Result<PathBuf> {
    Ok(join_root(root, &sys::resolve(root, path)?.path))
}

/// The same, except that the last name is taken as it stands, even if it is a link.
///
/// # Errors
/// As [`resolve_beneath`].
pub fn resolve_parent(root: &Path, path: &Path) -> sys::Result<PathBuf> {
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => Ok(resolve_beneath(root, parent)?.join(name)),
        _ => Ok(root.to_owned()),
    }
}

/// The paths below `root` that match a pattern, sorted. Each name of the pattern is
/// compared with the names in one directory, so no wildcard matches a slash.
///
/// # Errors
/// A pattern that is not one, and what readdir(3) says.
pub fn expand_pattern(root: &Path, pattern: &Path) -> Result<Vec<PathBuf>> {
    let exists = |path: &Path| resolve_beneath(root, path).is_ok_and(|path| path.symlink_metadata().is_ok());
    let mut found = vec![PathBuf::new()];
    for part in pattern.iter() {
        let text = part.to_string_lossy();
        let pattern = if text.contains(['*', '?', '[', '\\']) { Some(Pattern::new(&text)?) } else { None };
        let mut next = Vec::new();
        for parent in found {
            let Some(pattern) = &pattern else {
                next.extend(Some(parent.join(part)).filter(|path| exists(path)));
                continue;
            };
            let directory = resolve_beneath(root, &parent)?;
            if directory.is_dir() {
                let names = names(&directory)?;
                next.extend(names.iter().filter(|name| pattern.matches(name)).map(|name| parent.join(name)));
            }
        }
        found = next;
    }
    found.sort();
    Ok(found)
}

fn names(directory: &Path) -> sys::Result<Vec<PathBuf>> {
    let names =
        fs::read_dir(directory).context("readdir", directory)?.map(|entry| entry.map(|it| it.file_name().into()));
    names.collect::<std::io::Result<_>>().context("readdir", directory)
}

/// The paths of a file and, if it is a directory, of all it holds, relative to it: the first
/// one is empty. Symbolic links below it are listed and not followed.
///
/// # Errors
/// What readdir(3) says.
pub fn walk(path: &Path) -> sys::Result<Vec<PathBuf>> {
    let mut found = vec![PathBuf::new()];
    let mut index = 0;
    while let Some(relative) = found.get(index).cloned() {
        let here = join(path, &relative);
        if here.symlink_metadata().context("lstat", &here)?.is_dir() {
            found.extend(names(&here)?.iter().map(|name| relative.join(name)));
        }
        index += 1;
    }
    Ok(found)
}

/// Joins two relative paths, either of which may be empty. [`Path::join`] would add a slash
/// to a file's name, and a name that ends in a slash follows a link and matches no pattern.
pub fn join(path: &Path, below: &Path) -> PathBuf {
    if below.as_os_str().is_empty() { path.to_owned() } else { path.join(below) }
}

/// Says that a source leads out of the context.
pub fn outside_context(source: &str) -> Diagnostic {
    Diagnostic::new(source, format!("'{source}' is outside the context"))
        .suggest("a build sees only the files below its context directory")
}

/// Says why a source named no file.
pub fn missing_source(context: &Path, source: &str) -> Diagnostic {
    // A path that ends in a slash would follow a link.
    let path: PathBuf = Path::new(source).components().collect();
    match join_root(context, &path).symlink_metadata() {
        Ok(metadata) if metadata.is_symlink() => {
            Diagnostic::new(source, format!("'{source}' is a link to what is not in the context"))
                .suggest("copy the file itself there")
        }
        Ok(_) => Diagnostic::new(source, format!("'{source}' is left out by .dockerignore"))
            .suggest("add a line there that begins with !"),
        Err(_) => Diagnostic::new(source, format!("nothing in the context is called '{source}'"))
            .suggest(format!("the context is {}", context.display())),
    }
}
