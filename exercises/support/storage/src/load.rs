//! Reading images back from one file.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use archive::{EntryKind, LimitedReader, TarReader, decompress};
use images::spec::{self, MediaType};
use images::{Blob, Digest, Error, MAX_DOCUMENT, Store};
use serde::Deserialize;
use sys::Context;

use crate::{Image, Result, json, write_expected};

/// No archive may unpack to more than this many bytes: 64 GiB.
const MAX_ARCHIVE: u64 = 64 << 30;

/// An image that was read, with the names it had: as they stand in the archive,
/// so they may want completing before they are given to [`crate::tags::set`].
#[derive(Clone, Debug)]
pub struct Loaded {
    pub names: Vec<String>,
    pub image: Image,
}

/// One image of a `manifest.json` (Docker image specification 1.2, "Combined
/// Image JSON + Filesystem Changeset Format").
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerImage {
    config: PathBuf,
    repo_tags: Option<Vec<String>>,
    layers: Vec<PathBuf>,
}

/// What was found in the archive, by path.
#[derive(Default)]
struct Contents {
    documents: BTreeMap<PathBuf, Vec<u8>>,
    blobs: BTreeMap<PathBuf, Blob>,
    links: BTreeMap<PathBuf, PathBuf>,
}

/// Reads images from an archive that `galley save`, `docker save`, `podman save` or skopeo
/// wrote, compressed or not. The images get no names.
///
/// # Errors
/// [`images::Error::Mismatch`] if a blob of an image layout is not what its name says, and
/// `Malformed` if the archive holds no image.
pub fn load(store: &Store, archive: &mut dyn Read) -> Result<Vec<Loaded>> {
    let contents = Contents::read(store, archive)?;
    let document = |name: &str| contents.documents.get(Path::new(name));
    let loaded = match (document("index.json"), document("manifest.json")) {
        (Some(index), _) => load_layout(store, &json::parse(index, "index.json")?)?,
        (None, Some(manifest)) => {
            let images: Vec<DockerImage> = json::parse(manifest, "manifest.json")?;
            images.iter().map(|image| load_docker(store, image, &contents)).collect::<Result<_>>()?
        }
        (None, None) => Vec::new(),
    };
    if loaded.is_empty() {
        return Err(malformed("it holds no image: neither index.json nor manifest.json names one"));
    }
    Ok(loaded)
}

fn load_layout(store: &Store, index: &spec::ImageIndex) -> Result<Vec<Loaded>> {
    let mut loaded = Vec::new();
    for descriptor in index.manifests() {
        let image = Image::read(store, &descriptor.digest().try_into()?)?;
        for layer in image.layers() {
            let digest = layer.descriptor.digest().try_into()?;
            if !store.has(&digest) {
                return Err(Error::Missing(digest).into());
            }
        }
        let annotations = descriptor.annotations().clone().unwrap_or_default();
        let keys = ["io.containerd.image.name", spec::ANNOTATION_REF_NAME];
        let name = keys.iter().find_map(|key| annotations.get(*key).cloned());
        loaded.push(Loaded { names: name.into_iter().collect(), image });
    }
    Ok(loaded)
}

/// Makes the manifest that Docker's own format lacks. The configuration stays as it is,
/// to the byte: its digest is the image's id.
fn load_docker(store: &Store, image: &DockerImage, contents: &Contents) -> Result<Loaded> {
    let config = contents.blob(&image.config)?.descriptor(MediaType::ImageConfig);
    let mut layers = Vec::new();
    for path in &image.layers {
        let blob = contents.blob(path)?;
        let mut start = Vec::new();
        store.open_blob(&blob.digest)?.take(2).read_to_end(&mut start).context("read", path)?;
        let is_gzip = start == [0x1f, 0x8b];
        layers.push(blob.descriptor(if is_gzip { MediaType::ImageLayerGzip } else { MediaType::ImageLayer }));
    }
    let manifest = serde_json::json!({"schemaVersion": 2, "mediaType": MediaType::ImageManifest, "config": config, "layers": layers});
    let loaded = Image::read(store, &store.write_document(&manifest)?.digest)?;
    Ok(Loaded { names: image.repo_tags.clone().unwrap_or_default(), image: loaded })
}

impl Contents {
    /// Stores every file as a blob, but for the two documents at the top. What no image
    /// needs is left to [`crate::prune`].
    fn read(store: &Store, archive: &mut dyn Read) -> Result<Self> {
        let mut contents = Self::default();
        let mut reader = TarReader::new(LimitedReader::new(decompress(archive)?, MAX_ARCHIVE));
        while let Some(entry) = reader.next_entry()? {
            let name = normalize(&entry.name);
            match entry.kind {
                EntryKind::File(size) if name == Path::new("index.json") || name == Path::new("manifest.json") => {
                    if size > MAX_DOCUMENT {
                        let what = name.display().to_string();
                        return Err(Error::TooLarge { what, limit: MAX_DOCUMENT }.into());
                    }
                    let mut bytes = Vec::new();
                    reader.read_to_end(&mut bytes).context("read", &name)?;
                    contents.documents.insert(name, bytes);
                }
                EntryKind::File(size) => {
                    let blob = store_file(store, &name, size, &mut reader)?;
                    contents.blobs.insert(name, blob);
                }
                // docker before version 25 writes a repeated layer as a link.
                EntryKind::Symlink(target) | EntryKind::HardLink(target) => {
                    let target = name.parent().unwrap_or(Path::new("")).join(target);
                    contents.links.insert(name, normalize(&target));
                }
                _ => {}
            }
        }
        reader.finish()?;
        Ok(contents)
    }

    fn blob(&self, path: &Path) -> Result<&Blob> {
        let path = normalize(path);
        let found = self.blobs.get(&path).or_else(|| self.blobs.get(self.links.get(&path)?));
        found.ok_or_else(|| malformed(&format!("manifest.json names {}, which is not in it", path.display())))
    }
}

/// Stores a file of the archive; one of an image layout must be what its name says.
fn store_file(store: &Store, name: &Path, size: u64, reader: &mut dyn Read) -> Result<Blob> {
    let Ok(hex) = name.strip_prefix("blobs/sha256") else { return Ok(store.write_blob(reader)?) };
    let blob = Blob { digest: format!("sha256:{}", hex.display()).parse::<Digest>()?, size };
    write_expected(store, reader, &blob)?;
    Ok(blob)
}

/// A path as a key: without `.`, and with `..` taken out. It is never opened.
fn normalize(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => normal.push(name),
            Component::ParentDir => drop(normal.pop()),
            _ => {}
        }
    }
    normal
}

fn malformed(why: &str) -> crate::Error {
    archive::Error::Malformed(why.to_owned()).into()
}
