//! `index.json`: the images that have a name, or had one.

use std::fs;

use images::{Store, spec};
use sys::Context;

use crate::{Result, json};

/// Reads the list of images.
pub fn read(store: &Store) -> Result<spec::ImageIndex> {
    let path = store.root().join("index.json");
    json::parse(&fs::read(&path).context("read", &path)?, &path.display().to_string())
}

/// Changes the list of images while no other process does.
///
/// Readers need no lock: the file is replaced whole, by rename(2).
pub fn change(store: &Store, change: impl FnOnce(&mut Vec<spec::Descriptor>)) -> Result<()> {
    let _lock = store.layout.lock_index()?;
    let mut index = read(store)?;
    let mut images = index.manifests().clone();
    change(&mut images);
    if *index.manifests() == images {
        return Ok(());
    }
    index.set_manifests(images);
    Ok(store.layout.replace("index.json", &index)?)
}
