//! Given: the image so far, mounted as one root for as long as it is needed.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use images::{Layer, Store};
use nix::mount::{MntFlags, umount2};
use storage::layer_cache;
use sys::Temporary;

use crate::error::{Error, Result};

/// Where RUN finds the host's certificates. See [`Rootfs::for_run`].
pub const CERTIFICATES: &str = "/run/galley/ca-certificates.crt";

/// An overlay of layers with a directory on top that takes every change.
///
/// It is unmounted and removed when dropped. A killed build leaves a directory
/// in the store's `tmp/`, which `prune` removes; its mounts end with the
/// process, because it has a mount namespace of its own.
pub struct Rootfs {
    merged: PathBuf,
    upper: PathBuf,
    _directory: Temporary,
}

impl Rootfs {
    /// The layers, lowest first, to look at.
    pub fn mount(store: &Store, layers: &[Layer]) -> Result<Self> {
        Self::new(store, layers, |_| Ok(()))
    }

    /// The layers, lowest first, for a command.
    ///
    /// Below them lies one more, with the mount points that a container needs.
    /// The command finds them there and they need not be made: so nothing of
    /// them can land in the layer of what it changed.
    pub fn for_run(store: &Store, layers: &[Layer]) -> Result<Self> {
        Self::new(store, layers, |lowest| {
            let make = |name: &str| {
                let path = lowest.join(name);
                fs::create_dir_all(&path).map_err(Error::io("create", &path))
            };
            ["dev", "etc/ssl/certs", "proc", "run/galley", "sys"].into_iter().try_for_each(make)?;
            for name in ["etc/hosts", "etc/resolv.conf", &CERTIFICATES[1..]] {
                let path = lowest.join(name);
                fs::write(&path, "").map_err(Error::io("create", &path))?;
            }
            // For programs that look nowhere else. An image's own bundle hides
            // it, and installing one replaces it, as a mount could not be.
            let link = lowest.join("etc/ssl/certs/ca-certificates.crt");
            symlink(CERTIFICATES, &link).map_err(Error::io("create", &link))
        })
    }

    fn new(store: &Store, layers: &[Layer], furnish: impl FnOnce(&Path) -> Result<()>) -> Result<Self> {
        let directory = store.temporary_directory()?;
        let [lowest, upper, work, merged] =
            ["lowest", "upper", "work", "merged"].map(|name| directory.path().join(name));
        for path in [&lowest, &upper, &work, &merged] {
            fs::create_dir(path).map_err(Error::io("create", path))?;
        }
        furnish(&lowest)?;
        let stack = [vec![lowest], layer_cache::lower_dirs(store, layers, &mut |_| {})?].concat();
        images::mount(&stack, &upper, &work, &merged)?;
        Ok(Self { merged, upper, _directory: directory })
    }

    /// The root as the container sees it.
    pub fn path(&self) -> &Path {
        &self.merged
    }

    /// What was changed, once nothing runs in it any more.
    pub fn changes(&self, store: &Store, progress: &mut dyn FnMut(u64)) -> Result<Layer> {
        Ok(store.write_layer(images::changes(&self.upper)?, progress)?)
    }
}

impl Drop for Rootfs {
    fn drop(&mut self) {
        // Should it fail, the mount ends with this process at the latest.
        let _ = umount2(&self.merged, MntFlags::MNT_DETACH);
    }
}
