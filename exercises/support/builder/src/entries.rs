//! The entries of a layer that changes an image.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use archive::{Entry, EntryKind};

use crate::error::Result;

/// The entries of a layer, by name. Names are the paths below the root of the image.
#[derive(Debug)]
pub struct LayerEntries<'a> {
    root: &'a Path,
    entries: BTreeMap<PathBuf, Entry>,
}

impl<'a> LayerEntries<'a> {
    /// No entries yet, for the image that is mounted at `root`.
    pub fn new(root: &'a Path) -> Self {
        Self { root, entries: BTreeMap::new() }
    }

    /// Adds an entry for `path`, a path of this machine below the root.
    pub fn insert(&mut self, path: &Path, entry: Entry) {
        let name = path.strip_prefix(self.root).unwrap_or(path).to_owned();
        // Two names of one file are two files in the image.
        self.entries.insert(name.clone(), Entry { name, inode: None, ..entry });
    }

    /// Adds a directory and those above it: as the image has it, or, if it has none, as
    /// root's with mode 0755 and time 0. What was added before stays as it is.
    ///
    /// # Errors
    /// What lstat(2) says.
    pub fn add_directory(&mut self, directory: &Path) -> Result<()> {
        for path in directory.ancestors().take_while(|path| *path != self.root) {
            let name = path.strip_prefix(self.root).unwrap_or(path).to_owned();
            if self.entries.contains_key(&name) {
                continue;
            }
            let existing = if path.is_dir() { Entry::of(path, name.clone())? } else { None };
            let new = || Entry { kind: EntryKind::Directory, mode: 0o755, ..Entry::empty(name.clone()) };
            self.entries.insert(name.clone(), existing.unwrap_or_else(new));
        }
        Ok(())
    }

    /// All entries, sorted by name: the same files give the same layer.
    pub fn into_vec(self) -> Vec<Entry> {
        self.entries.into_values().collect()
    }
}
