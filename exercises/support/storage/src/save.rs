//! An image as one file, to carry where no registry is.

use std::io::{self, Write};
use std::path::Path;

use archive::{Entry, EntryKind, Hashing, TarWriter};
use images::{Blob, Store};
use serde_json::{Value, json};
use sys::Context;

use crate::expected::verify;
use crate::{Image, Result};

/// The format of a saved image. Both are tar archives that hold an image layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The layout alone.
    Oci,
    /// With a `manifest.json` beside it, by which `docker load` of any age finds
    /// the configuration and the layers.
    Docker,
}

/// Writes images into one archive, each with the name it is to have there, if any. What
/// two of them share is written once, and every blob is verified before.
///
/// # Errors
/// [`images::Error::Mismatch`] for a blob that was changed, and what write(2) says.
pub fn save(store: &Store, images: &[(Option<String>, Image)], format: Format, out: &mut dyn Write) -> Result<()> {
    let mut documents = vec![("oci-layout", json!({"imageLayoutVersion": "1.0.0"})), ("index.json", index(images))];
    if format == Format::Docker {
        documents.push(("manifest.json", docker_manifest(images)?));
    }
    let mut tar = TarWriter::new(out);
    for (name, document) in &documents {
        let bytes = document.to_string();
        let (temporary, mut file) = store.layout.temporary_file()?;
        file.write_all(bytes.as_bytes()).context("write", temporary.path())?;
        tar.append(&file_entry(name, temporary.path(), bytes.len() as u64), &mut |_| {})?;
    }
    let parts = images.iter().flat_map(|(_, image)| image.descriptors());
    let mut blobs = parts.map(Blob::try_from).collect::<archive::Result<Vec<_>>>()?;
    blobs.sort_by(|one, other| one.digest.cmp(&other.digest));
    blobs.dedup();
    for blob in blobs {
        let path = store.blob_path(&blob.digest);
        let mut hash = Hashing::new(io::sink());
        io::copy(&mut store.open_blob(&blob.digest)?, &mut hash).context("read", &path)?;
        verify(&blob, &hash.finish().1, &format!("blob {}", blob.digest))?;
        tar.append(&file_entry(&path_in_layout(&blob), &path, blob.size), &mut |_| {})?;
    }
    Ok(tar.finish()?.flush().call("write the archive")?)
}

fn file_entry(name: &str, source: &Path, size: u64) -> Entry {
    Entry { kind: EntryKind::File(size), mode: 0o644, source: Some(source.to_owned()), ..Entry::empty(name.into()) }
}

/// The index names an image twice: podman reads the one, containerd the other.
fn index(images: &[(Option<String>, Image)]) -> Value {
    let describe = |(name, image): &(Option<String>, Image)| {
        let mut descriptor = json!(image.descriptor);
        if let Some(name) = name {
            descriptor["annotations"] =
                json!({"org.opencontainers.image.ref.name": name, "io.containerd.image.name": name});
        }
        descriptor
    };
    json!({"schemaVersion": 2, "manifests": images.iter().map(describe).collect::<Vec<_>>()})
}

/// Docker lists each image once, with all its names.
fn docker_manifest(images: &[(Option<String>, Image)]) -> Result<Value> {
    let mut entries: Vec<(&Image, Vec<&str>)> = Vec::new();
    for (name, image) in images {
        match entries.iter_mut().find(|(other, _)| other.manifest.config() == image.manifest.config()) {
            Some((_, names)) => names.extend(name.as_deref()),
            None => entries.push((image, name.as_deref().into_iter().collect())),
        }
    }
    let describe = |(image, names): (&Image, Vec<&str>)| {
        let config = path_in_layout(&Blob::try_from(image.manifest.config())?);
        let layers = image.manifest.layers().iter().map(|layer| Ok(path_in_layout(&Blob::try_from(layer)?)));
        Ok(json!({"Config": config, "RepoTags": names, "Layers": layers.collect::<Result<Vec<_>>>()?}))
    };
    entries.into_iter().map(describe).collect::<Result<Vec<_>>>().map(Value::from)
}

fn path_in_layout(blob: &Blob) -> String {
    format!("blobs/sha256/{}", blob.digest.hex())
}
