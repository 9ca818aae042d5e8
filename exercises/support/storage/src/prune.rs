//! Removing what no image needs.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use images::{Digest, Store};
use nix::errno::Errno;
use nix::fcntl::FlockArg;
use serde_json::Value;
use sys::Context;

use crate::tags::name_of;
use crate::{Error, Result, index, json};

/// What [`prune`] removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PruneReport {
    pub blobs: u64,
    pub layers: u64,
    pub temporary: u64,
    /// Of the blobs; unpacked layers are not measured.
    pub bytes: u64,
}

/// Removes blobs and unpacked layers that no name and none of the manifests in `needed`
/// needs, and what killed processes left. With `keep_unnamed` an image that lost its
/// name stays.
///
/// # Errors
/// `InUse` while another process has the store open: it may have written blobs that it
/// has not named yet.
pub fn prune(store: &Store, keep_unnamed: bool, needed: &[Digest]) -> Result<PruneReport> {
    let lock = &store.layout.in_use;
    if let Err(errno) = lock.relock(FlockArg::LockExclusiveNonblock) {
        // A refused change of lock may have given up the old one.
        lock.relock(FlockArg::LockShared).context("flock", store.root())?;
        return match errno {
            Errno::EWOULDBLOCK => Err(Error::InUse(store.root().to_owned())),
            errno => Err(errno).context("flock", store.root())?,
        };
    }
    let report = prune_locked(store, keep_unnamed, needed);
    lock.relock(FlockArg::LockShared).context("flock", store.root())?;
    report
}

fn prune_locked(store: &Store, keep_unnamed: bool, needed: &[Digest]) -> Result<PruneReport> {
    if !keep_unnamed {
        let needed: BTreeSet<String> = needed.iter().map(Digest::to_string).collect();
        index::change(store, |images| {
            images.retain(|image| name_of(image).is_some() || needed.contains(image.digest().as_ref()));
        })?;
    }
    let mut reachable = Reachable::default();
    for image in index::read(store)?.manifests() {
        reachable.add(store, &image.digest().try_into()?)?;
    }
    for digest in needed {
        reachable.add(store, digest)?;
    }
    sweep(store, &reachable)
}

/// What the images need: file names in `blobs/sha256/` and in `unpacked/`.
#[derive(Default)]
struct Reachable {
    blobs: BTreeSet<String>,
    layers: BTreeSet<String>,
}

impl Reachable {
    /// Adds everything that a manifest, or each manifest of an index, needs.
    fn add(&mut self, store: &Store, digest: &Digest) -> Result<()> {
        if !self.blobs.insert(digest.hex().to_owned()) || !store.has(digest) {
            return Ok(());
        }
        let document: Value = json::read_blob(store, digest)?;
        for manifest in digests(&document, "/manifests", "/digest") {
            self.add(store, &manifest)?;
        }
        self.blobs.extend(digests(&document, "/layers", "/digest").map(|digest| digest.hex().to_owned()));
        let Some(config) = document.pointer("/config/digest").and_then(parse) else { return Ok(()) };
        self.blobs.insert(config.hex().to_owned());
        if store.has(&config) {
            let config: Value = json::read_blob(store, &config)?;
            self.layers.extend(digests(&config, "/rootfs/diff_ids", "").map(|digest| digest.hex().to_owned()));
        }
        Ok(())
    }
}

/// The digests at `pointer` in each element of a list.
fn digests(document: &Value, list: &str, pointer: &str) -> impl Iterator<Item = Digest> {
    let elements = document.pointer(list).and_then(Value::as_array).into_iter().flatten();
    elements.filter_map(|element| element.pointer(pointer).and_then(parse)).collect::<Vec<_>>().into_iter()
}

fn parse(digest: &Value) -> Option<Digest> {
    digest.as_str()?.parse().ok()
}

fn sweep(store: &Store, reachable: &Reachable) -> Result<PruneReport> {
    let mut report = PruneReport::default();
    for (path, name) in children(&store.root().join("blobs/sha256"))? {
        if !reachable.blobs.contains(&name) {
            report.bytes += fs::metadata(&path).context("stat", &path)?.len();
            report.blobs += 1;
            remove(&path)?;
        }
    }
    for (path, name) in children(&store.root().join("unpacked"))? {
        if !reachable.layers.contains(&name) {
            report.layers += 1;
            // First out of sight: half a layer must never bear its name.
            let to_remove = store.layout.temporary_directory()?;
            fs::rename(&path, to_remove.path().join(&name)).context("rename", &path)?;
            remove(to_remove.path())?;
        }
    }
    for (path, _) in children(&store.root().join("tmp"))? {
        report.temporary += 1;
        remove(&path)?;
    }
    Ok(report)
}

fn children(directory: &Path) -> Result<Vec<(PathBuf, String)>> {
    let items = match fs::read_dir(directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        items => items.context("readdir", directory)?,
    };
    let mut found = Vec::new();
    for item in items {
        let item = item.context("readdir", directory)?;
        found.push((item.path(), item.file_name().to_string_lossy().into_owned()));
    }
    Ok(found)
}

fn remove(path: &Path) -> Result<()> {
    let is_directory = fs::symlink_metadata(path).context("lstat", path)?.is_dir();
    Ok(if is_directory { fs::remove_dir_all(path) } else { fs::remove_file(path) }.context("remove", path)?)
}
