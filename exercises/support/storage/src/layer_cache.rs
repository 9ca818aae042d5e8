//! Layers unpacked once, and shared by every container that needs them.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use archive::{Hashing, ProgressReader};
use images::{Blob, Layer, Store, unpack};
use sys::Context;

use crate::Result;
use crate::expected::verify;

/// The directories of some layers, lowest first, each of them once, unpacked if they are
/// not yet. An image without layers has one empty directory.
///
/// Images do have the same layer twice, such as the empty one, and overlayfs refuses
/// that (`ELOOP`). The upper one hides all that the lower one says. `progress` is called
/// with each number of compressed bytes that were read.
///
/// # Errors
/// As [`unpack_layer`].
pub fn lower_dirs(store: &Store, layers: &[Layer], progress: &mut dyn FnMut(u64)) -> Result<Vec<PathBuf>> {
    let mut stack: Vec<PathBuf> = Vec::new();
    for layer in layers {
        let directory = unpack_layer(store, layer, progress)?;
        stack.retain(|lower| *lower != directory);
        stack.push(directory);
    }
    if stack.is_empty() {
        let empty = store.root().join("unpacked/empty");
        fs::create_dir_all(&empty).context("mkdir", &empty)?;
        stack.push(empty);
    }
    Ok(stack)
}

/// The layers of which no directory is there yet, each once.
pub fn missing<'a>(store: &Store, layers: &'a [Layer]) -> Vec<&'a Layer> {
    let mut missing: Vec<&Layer> = layers.iter().filter(|layer| !path_of(store, layer).is_dir()).collect();
    missing.sort_by_key(|layer| layer.diff_id.hex());
    missing.dedup_by_key(|layer| layer.diff_id.hex());
    missing
}

/// The directory of one layer, named by its diffID.
///
/// The diffID and the blob's digest are compared when all is unpacked; only then does
/// the directory get its name.
///
/// # Errors
/// [`images::Error::Mismatch`] for a blob or an archive that is not as described, and
/// what [`unpack`] says.
pub fn unpack_layer(store: &Store, layer: &Layer, progress: &mut dyn FnMut(u64)) -> Result<PathBuf> {
    let path = path_of(store, layer);
    if path.is_dir() {
        return Ok(path);
    }
    let temporary = store.layout.temporary_directory()?;
    let expected = Blob::try_from(&layer.descriptor)?;
    let file = store.open_blob(&expected.digest)?;
    let mut compressed = Hashing::new(ProgressReader::new(file, progress));
    let mut archive = Hashing::new(archive::decompress(&mut compressed)?);
    let unpacked = unpack(&mut archive, temporary.path(), store.layer_limit);
    let (_, found) = archive.finish();
    // A damaged blob is rarely an archive: that its digest is wrong says more.
    io::copy(&mut compressed, &mut io::sink()).context("read", store.blob_path(&expected.digest))?;
    verify(&expected, &compressed.finish().1, &format!("layer {}", expected.digest))?;
    unpacked?;
    let archive = Blob { digest: layer.diff_id.clone(), size: found.size };
    verify(&archive, &found, &format!("the archive in layer {}", expected.digest))?;
    // One call for the whole file system is cheaper than one for each file.
    let directory = File::open(temporary.path()).context("open", temporary.path())?;
    nix::unistd::syncfs(&directory).context("syncfs", temporary.path())?;
    let parent = store.root().join("unpacked");
    fs::create_dir_all(&parent).context("mkdir", &parent)?;
    match temporary.persist(&path) {
        // Lost the race: another process has unpacked the same layer.
        Err(_) if path.is_dir() => Ok(path),
        persisted => Ok(persisted.map(|()| path)?),
    }
}

fn path_of(store: &Store, layer: &Layer) -> PathBuf {
    store.root().join("unpacked").join(layer.diff_id.hex())
}
