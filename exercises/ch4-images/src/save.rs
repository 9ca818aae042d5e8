//! An image as one file, to carry where no registry is.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};

use crate::entry::{Entry, Node};
use crate::error::At;
use crate::tarball::TarWriter;
use crate::{Blob, Error, Image, Result, Store, json};

/// The form of a saved image. Both are tar archives that hold an image layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The layout alone.
    Oci,
    /// With a `manifest.json` beside it, by which `docker load` of any age finds
    /// the configuration and the layers.
    Docker,
}

impl Store {
    /// Writes the image of this name to `out`. Every blob is checked before.
    ///
    /// # Errors
    /// `Unknown` if there is no such image.
    pub fn save(&self, name: &str, format: Format, out: &mut dyn Write) -> Result<()> {
        let image = self.find(name)?.ok_or_else(|| Error::Unknown(name.to_owned()))?;
        let mut documents =
            vec![("oci-layout", json!({"imageLayoutVersion": "1.0.0"})), ("index.json", index(&image, name))];
        if format == Format::Docker {
            documents.push(("manifest.json", docker_manifest(&image, name)?));
        }
        let mut tar = TarWriter::new(out);
        for (name, document) in &documents {
            let bytes = json::to_bytes(document)?;
            let (temporary, mut file) = self.temporary_file()?;
            file.write_all(&bytes).at("write", temporary.path())?;
            tar.append(&file_entry(name, temporary.path(), bytes.len() as u64))?;
        }
        let parts = [&image.descriptor, image.manifest.config()].into_iter().chain(image.manifest.layers());
        let mut blobs = parts.map(Blob::try_from).collect::<Result<Vec<_>>>()?;
        blobs.sort_by(|one, other| one.digest.cmp(&other.digest));
        blobs.dedup();
        for blob in blobs {
            let path = self.blob_path(&blob.digest);
            io::copy(&mut self.verified(blob.clone())?, &mut io::sink()).at("check", &path)?;
            tar.append(&file_entry(&path_in_layout(&blob), &path, blob.size))?;
        }
        tar.finish()?.flush().at("write", Path::new("the archive"))
    }
}

fn file_entry(name: &str, source: &Path, size: u64) -> Entry {
    Entry { node: Node::File(size), mode: 0o644, source: Some(source.to_owned()), ..Entry::empty(name.into()) }
}

/// The index names the image twice: podman reads the one, containerd the other.
fn index(image: &Image, name: &str) -> Value {
    let mut descriptor = json!(image.descriptor);
    descriptor["annotations"] = json!({"org.opencontainers.image.ref.name": name, "io.containerd.image.name": name});
    json!({"schemaVersion": 2, "manifests": [descriptor]})
}

fn docker_manifest(image: &Image, name: &str) -> Result<Value> {
    let config = path_in_layout(&Blob::try_from(image.manifest.config())?);
    let layers = image.manifest.layers().iter().map(|layer| Ok(path_in_layout(&Blob::try_from(layer)?)));
    Ok(json!([{"Config": config, "RepoTags": [name], "Layers": layers.collect::<Result<Vec<_>>>()?}]))
}

fn path_in_layout(blob: &Blob) -> String {
    format!("blobs/sha256/{}", blob.digest.hex())
}
