//! Layers unpacked once, and shared by every container that needs them.

use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::OnceLock;

use crate::digest::Hashing;
use crate::error::At;
use crate::watch::Watched;
use crate::{Blob, Error, Image, Layer, Result, Store, layer, unpack};

/// No layer may unpack to more than this many bytes, 16 GiB, unless
/// [`LIMIT_VARIABLE`] says otherwise.
pub const LARGEST_LAYER: u64 = 16 << 30;

/// The environment's variable for another limit, in bytes.
pub const LIMIT_VARIABLE: &str = "GALLEY_LAYER_LIMIT";

/// What the command line said.
static CHOSEN: OnceLock<u64> = OnceLock::new();

/// Sets another limit for this process, above what the environment says.
pub fn set_largest_layer(bytes: u64) {
    // Set once, at the start; a second value would have no one to apply to.
    let _ = CHOSEN.set(bytes);
}

/// How many bytes a layer may unpack to.
///
/// # Errors
/// `Malformed` if the variable is set to what is no number.
pub fn largest_layer() -> Result<u64> {
    if let Some(chosen) = CHOSEN.get() {
        return Ok(*chosen);
    }
    let Some(text) = std::env::var_os(LIMIT_VARIABLE) else { return Ok(LARGEST_LAYER) };
    let number = text.to_str().and_then(|text| text.trim().parse().ok());
    number.ok_or_else(|| Error::Malformed {
        what: LIMIT_VARIABLE.into(),
        why: format!("'{}' is no number of bytes", text.to_string_lossy()),
    })
}

impl Store {
    /// The directories of the image's layers, lowest first, unpacked if they are
    /// not yet. An image without layers has one empty directory.
    pub fn unpacked(&self, image: &Image) -> Result<Vec<PathBuf>> {
        if image.layers().is_empty() {
            let empty = self.root().join("unpacked/empty");
            fs::create_dir_all(&empty).at("create", &empty)?;
            return Ok(vec![empty]);
        }
        self.stack(image.layers())
    }

    /// The directories of some layers, lowest first, each of them once.
    ///
    /// Images do have the same layer twice, such as the empty one, and overlayfs
    /// refuses that (ELOOP). The upper one hides all that the lower one says.
    pub fn stack(&self, layers: &[Layer]) -> Result<Vec<PathBuf>> {
        let mut stack: Vec<PathBuf> = Vec::new();
        for layer in layers {
            let directory = self.unpacked_layer(layer)?;
            stack.retain(|lower| *lower != directory);
            stack.push(directory);
        }
        Ok(stack)
    }

    /// The layers of which no directory is there yet, each once.
    pub fn not_unpacked<'a>(&self, layers: &'a [Layer]) -> Vec<&'a Layer> {
        let mut missing: Vec<&Layer> = layers.iter().filter(|layer| !self.unpacked_path(layer).is_dir()).collect();
        missing.sort_by_key(|layer| layer.diff_id.hex());
        missing.dedup_by_key(|layer| layer.diff_id.hex());
        missing
    }

    fn unpacked_path(&self, layer: &Layer) -> PathBuf {
        self.root().join("unpacked").join(layer.diff_id.hex())
    }

    /// The directory of one layer, named by its diffID.
    ///
    /// The blob's digest is checked while it is read and the diffID when all is
    /// unpacked; only then does the directory get its name.
    pub fn unpacked_layer(&self, layer: &Layer) -> Result<PathBuf> {
        let path = self.unpacked_path(layer);
        if path.is_dir() {
            return Ok(path);
        }
        let temporary = self.temporary_directory()?;
        let blob = self.verified(Blob::try_from(&layer.descriptor)?)?;
        let mut archive = Hashing::new(layer::decompress(Watched(blob))?);
        unpack(&mut archive, temporary.path(), largest_layer()?)?;
        let (_, found) = archive.finish();
        if found.digest != layer.diff_id {
            let what = format!("the archive in layer {}", layer.descriptor.digest());
            return Err(Error::Mismatch { what, expected: layer.diff_id.clone(), found: found.digest });
        }
        // One call for the whole file system is cheaper than one for each file.
        let directory = File::open(temporary.path()).at("open", temporary.path())?;
        nix::unistd::syncfs(&directory).at("sync", temporary.path())?;
        match temporary.keep(&path) {
            // Somebody else was quicker; theirs is as good.
            Err(_) if path.is_dir() => Ok(path),
            kept => kept.map(|()| path),
        }
    }
}
