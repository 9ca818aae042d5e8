//! Removing what no image needs.

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::AsRawFd;
use std::path::Path;

use crate::error::At;
use crate::names::name_of;
use crate::{Digest, Error, Result, Store, json};

/// What a [`Store::collect`] removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reclaimed {
    pub blobs: u64,
    pub layers: u64,
    pub temporary: u64,
    /// Of the blobs; unpacked layers are not measured.
    pub bytes: u64,
}

impl Store {
    /// Removes blobs and unpacked layers that no name needs, and what killed
    /// processes left. With `keep_untagged` an image that lost its name stays.
    pub fn collect(&self, keep_untagged: bool) -> Result<Reclaimed> {
        self.collect_keeping(keep_untagged, &[])
    }

    /// As [`Store::collect`], and keeps these manifests too: those of containers.
    ///
    /// # Errors
    /// `InUse` while another process has the store open: it may have written
    /// blobs that it has not named yet.
    pub fn collect_keeping(&self, keep_untagged: bool, needed: &[Digest]) -> Result<Reclaimed> {
        self.flock(nix::libc::LOCK_EX | nix::libc::LOCK_NB)?;
        let collected = self.collect_alone(keep_untagged, needed);
        self.flock(nix::libc::LOCK_SH)?;
        collected
    }

    fn collect_alone(&self, keep_untagged: bool, needed: &[Digest]) -> Result<Reclaimed> {
        if !keep_untagged {
            let needed: BTreeSet<String> = needed.iter().map(Digest::to_string).collect();
            self.change_index(|images| {
                images.retain(|image| name_of(image).is_some() || needed.contains(image.digest().as_ref()));
            })?;
        }
        let mut keep = Keep::default();
        for image in self.index()?.manifests() {
            self.mark(&image.digest().try_into()?, &mut keep)?;
        }
        for digest in needed {
            self.mark(digest, &mut keep)?;
        }
        self.sweep(&keep)
    }

    /// Notes everything that a manifest, or each manifest of an index, needs.
    fn mark(&self, digest: &Digest, keep: &mut Keep) -> Result<()> {
        if !keep.blobs.insert(digest.hex().to_owned()) || !self.has(digest) {
            return Ok(());
        }
        let document: serde_json::Value = json::from_bytes(&self.read_blob(digest, json::LARGEST)?, "a manifest")?;
        let listed = |key: &str| document.get(key).and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
        for descriptor in listed("manifests") {
            if let Some(digest) = digest_of(&descriptor) {
                self.mark(&digest, keep)?;
            }
        }
        keep.blobs.extend(listed("layers").iter().filter_map(digest_of).map(|digest| digest.hex().to_owned()));
        if let Some(config) = document.get("config").and_then(digest_of) {
            keep.blobs.insert(config.hex().to_owned());
            if self.has(&config) {
                let config: serde_json::Value =
                    json::from_bytes(&self.read_blob(&config, json::LARGEST)?, "a configuration")?;
                let diff_ids = config.pointer("/rootfs/diff_ids").and_then(serde_json::Value::as_array);
                let hex = |id: &serde_json::Value| Some(id.as_str()?.parse::<Digest>().ok()?.hex().to_owned());
                keep.layers.extend(diff_ids.into_iter().flatten().filter_map(hex));
            }
        }
        Ok(())
    }

    fn sweep(&self, keep: &Keep) -> Result<Reclaimed> {
        let mut reclaimed = Reclaimed::default();
        for (path, name) in children(&self.root().join("blobs/sha256"))? {
            if !keep.blobs.contains(&name) {
                reclaimed.bytes += fs::metadata(&path).at("look at", &path)?.len();
                reclaimed.blobs += 1;
                remove(&path)?;
            }
        }
        for (path, name) in children(&self.root().join("unpacked"))? {
            if !keep.layers.contains(&name) {
                reclaimed.layers += 1;
                // First out of sight: half a layer must never bear its name.
                let doomed = self.temporary_directory()?;
                let aside = doomed.path().join(&name);
                fs::rename(&path, &aside).at("set aside", &path)?;
                remove(&aside)?;
            }
        }
        for (path, _) in children(&self.root().join("tmp"))? {
            reclaimed.temporary += 1;
            remove(&path)?;
        }
        Ok(reclaimed)
    }

    fn flock(&self, how: nix::libc::c_int) -> Result<()> {
        // nix's Flock cannot turn one kind of lock into the other.
        // SAFETY: flock(2) takes any descriptor, and this one is open while the store is.
        let locked = nix::errno::Errno::result(unsafe { nix::libc::flock(self.in_use().as_raw_fd(), how) });
        match locked {
            Err(nix::errno::Errno::EWOULDBLOCK) => {
                // A refused change of lock may have given up the old one.
                self.flock(nix::libc::LOCK_SH)?;
                Err(Error::InUse(self.root().to_owned()))
            }
            other => other.map(drop).at("lock", self.root()),
        }
    }
}

/// File names in `blobs/sha256/` and in `unpacked/`.
#[derive(Default)]
struct Keep {
    blobs: BTreeSet<String>,
    layers: BTreeSet<String>,
}

fn digest_of(descriptor: &serde_json::Value) -> Option<Digest> {
    descriptor.get("digest")?.as_str()?.parse().ok()
}

fn children(directory: &Path) -> Result<Vec<(std::path::PathBuf, String)>> {
    let mut found = Vec::new();
    for item in fs::read_dir(directory).at("list", directory)? {
        let item = item.at("list", directory)?;
        found.push((item.path(), item.file_name().to_string_lossy().into_owned()));
    }
    Ok(found)
}

fn remove(path: &Path) -> Result<()> {
    let is_directory = fs::symlink_metadata(path).at("look at", path)?.is_dir();
    if is_directory { fs::remove_dir_all(path) } else { fs::remove_file(path) }.at("remove", path)
}
