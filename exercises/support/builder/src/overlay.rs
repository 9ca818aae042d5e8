//! Layers mounted as one root, for as long as it is needed.

use std::fs;
use std::path::{Path, PathBuf};

use images::{Layer, Store};
use nix::mount::{MntFlags, umount2};
use storage::layer_cache;
use sys::{Context, Temporary};

use crate::error::Result;

/// An overlay of layers with a directory on top that takes every change.
///
/// It is unmounted and removed when dropped. A killed build leaves a directory in the
/// store's `tmp/`, which `prune` removes; its mounts end with the process, because that
/// has a mount namespace of its own.
pub struct Overlay {
    directory: Temporary,
}

impl Overlay {
    /// Mounts directories, lowest first.
    ///
    /// # Errors
    /// Those of mkdir(2) and [`images::mount`].
    pub fn mount(store: &Store, lower: &[PathBuf]) -> Result<Self> {
        let overlay = Self { directory: store.layout.temporary_directory()? };
        let (upper, work, merged) = (overlay.upper(), overlay.directory.path().join("work"), overlay.root());
        for path in [&upper, &work, &merged] {
            fs::create_dir(path).context("mkdir", path)?;
        }
        images::mount(lower, &upper, &work, &merged)?;
        Ok(overlay)
    }

    /// Mounts layers, lowest first, to look at.
    ///
    /// # Errors
    /// As [`Overlay::mount`], and those of unpacking a layer.
    pub fn of_layers(store: &Store, layers: &[Layer]) -> Result<Self> {
        Self::mount(store, &layer_cache::lower_dirs(store, layers, &mut |_| {})?)
    }

    /// Where all of it is seen as one directory.
    pub fn root(&self) -> PathBuf {
        self.directory.path().join("merged")
    }

    /// The directory that takes the changes.
    pub fn upper(&self) -> PathBuf {
        self.directory.path().join("upper")
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        // Should it fail, the mount ends with this process at the latest.
        let _ = umount2(AsRef::<Path>::as_ref(&self.root()), MntFlags::MNT_DETACH);
    }
}
