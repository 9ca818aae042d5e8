//! Backups of what a learner wrote, in `.galley/backup/NAME/NUMBER`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::files;
use crate::repo::Repo;

/// The backups called `name` of one kind, the oldest first: their directories are called
/// by the kind and a number.
pub fn backups(repo: &Repo, name: &str, kind: &str) -> Result<Vec<(usize, PathBuf)>> {
    let directory = directory(repo, name);
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(&directory).map_err(Error::file("read", &directory))?;
    let mut numbered: Vec<(usize, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.strip_prefix(kind)?.parse().ok()?, entry.path())))
        .collect();
    numbered.sort();
    Ok(numbered)
}

/// Copies the files below `source` to a new backup and returns where it is. It gets its name when
/// it is complete, and the files stay where they are, so an interruption costs nothing.
pub fn back_up(repo: &Repo, name: &str, source: &Path, kind: &str) -> Result<PathBuf> {
    let number = backups(repo, name, kind)?.last().map_or(1, |(number, _)| number + 1);
    let directory = directory(repo, name);
    let (backup, unfinished) = (directory.join(format!("{kind}{number}")), directory.join("unfinished"));
    files::remove(&unfinished)?;
    files::create_dir(&unfinished)?;
    files::copy_dir(source, &unfinished)?;
    fs::rename(&unfinished, &backup).map_err(Error::file("move", &unfinished))?;
    Ok(backup)
}

fn directory(repo: &Repo, name: &str) -> PathBuf {
    repo.root().join(".galley/backup").join(name)
}
