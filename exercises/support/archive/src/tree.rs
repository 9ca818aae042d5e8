//! A directory as a list of entries.

use std::fs;
use std::path::Path;

use sys::Context;

use crate::{Entry, EntryKind, Result};

/// Lists everything below `directory`, in the order the file system gives it. The
/// directory itself is not part of it, and sockets are left out.
///
/// # Errors
/// What readdir(3) and [`Entry::of`] say.
pub fn files(directory: &Path) -> Result<Vec<Entry>> {
    let mut found = Vec::new();
    visit(directory, Path::new(""), &mut found)?;
    Ok(found)
}

fn visit(directory: &Path, name: &Path, found: &mut Vec<Entry>) -> Result<()> {
    for item in fs::read_dir(directory).context("readdir", directory)? {
        let item = item.context("readdir", directory)?;
        let (path, name) = (item.path(), name.join(item.file_name()));
        let Some(entry) = Entry::of(&path, name.clone())? else { continue };
        let is_directory = entry.kind == EntryKind::Directory;
        found.push(entry);
        if is_directory {
            visit(&path, &name, found)?;
        }
    }
    Ok(())
}
