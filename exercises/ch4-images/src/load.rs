//! Reading images back from one file.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use serde_json::json;

use crate::digest::Limited;
use crate::entry::Node;
use crate::error::At;
use crate::spec::MediaType;
use crate::tarball::TarReader;
use crate::{Blob, Digest, Error, Image, Result, Store, json, layer, spec};

/// No archive may unpack to more than this many bytes: 64 GiB.
const LARGEST_ARCHIVE: u64 = 64 << 30;

/// An image that was read, with the names it had: as they stand in the archive,
/// so they may want completing before they are given to [`Store::tag`].
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

impl Store {
    /// Reads images from an archive that `galley save`, `docker save`, `podman
    /// save` or skopeo wrote, compressed or not. The images get no names.
    ///
    /// # Errors
    /// `Mismatch` if a blob of an image layout is not what its name says, and
    /// `Malformed` if the archive holds no image.
    pub fn load(&self, archive: &mut dyn Read) -> Result<Vec<Loaded>> {
        let contents = self.contents(archive)?;
        let document = |name: &str| contents.documents.get(Path::new(name));
        let loaded = match (document("index.json"), document("manifest.json")) {
            (Some(index), _) => self.load_layout(&json::from_bytes(index, "index.json")?)?,
            (None, Some(manifest)) => {
                let images: Vec<DockerImage> = json::from_bytes(manifest, "manifest.json")?;
                images.iter().map(|image| self.load_docker(image, &contents)).collect::<Result<_>>()?
            }
            (None, None) => Vec::new(),
        };
        if loaded.is_empty() {
            let why = "it holds no image: neither index.json nor manifest.json names one".into();
            return Err(Error::Malformed { what: "the archive".into(), why });
        }
        Ok(loaded)
    }

    /// Stores every file as a blob, but for the two documents at the top. What
    /// no image needs is left to [`Store::collect`].
    fn contents(&self, archive: &mut dyn Read) -> Result<Contents> {
        let mut contents = Contents::default();
        let mut reader = TarReader::new(Limited::new(layer::decompress(archive)?, LARGEST_ARCHIVE));
        while let Some(entry) = reader.next_entry()? {
            let name = plain(&entry.name);
            match entry.node {
                Node::File(size) if ["index.json", "manifest.json"].iter().any(|known| name == Path::new(known)) => {
                    if size > json::LARGEST {
                        return Err(Error::TooLarge { what: name.display().to_string(), limit: json::LARGEST });
                    }
                    let mut bytes = Vec::new();
                    reader.read_to_end(&mut bytes).at("read", &name)?;
                    contents.documents.insert(name, bytes);
                }
                Node::File(size) => {
                    let blob = match name.strip_prefix("blobs/sha256") {
                        Ok(hex) => {
                            let digest: Digest = format!("sha256:{}", hex.display()).parse()?;
                            self.write_expected(&mut reader, &digest, size)?
                        }
                        Err(_) => self.write_blob(&mut reader)?,
                    };
                    contents.blobs.insert(name, blob);
                }
                // docker before version 25 writes a repeated layer as a link.
                Node::Symlink(target) | Node::HardLink(target) => {
                    let target = name.parent().unwrap_or(Path::new("")).join(target);
                    contents.links.insert(name, plain(&target));
                }
                _ => {}
            }
        }
        reader.finish()?;
        Ok(contents)
    }

    fn load_layout(&self, index: &spec::ImageIndex) -> Result<Vec<Loaded>> {
        let mut loaded = Vec::new();
        for descriptor in index.manifests() {
            let image = self.image(&descriptor.digest().try_into()?)?;
            for layer in image.manifest.layers() {
                let digest = layer.digest().try_into()?;
                if !self.has(&digest) {
                    return Err(Error::Missing(digest));
                }
            }
            let annotations = descriptor.annotations().clone().unwrap_or_default();
            let keys = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];
            let name = keys.iter().find_map(|key| annotations.get(*key).cloned());
            loaded.push(Loaded { names: name.into_iter().collect(), image });
        }
        Ok(loaded)
    }

    /// Makes the manifest that Docker's own format lacks. The configuration
    /// stays as it is, to the byte: its digest is the image's id.
    fn load_docker(&self, image: &DockerImage, contents: &Contents) -> Result<Loaded> {
        let config = contents.blob(&image.config)?.descriptor(MediaType::ImageConfig);
        let mut layers = Vec::new();
        for path in &image.layers {
            let blob = contents.blob(path)?;
            let mut start = Vec::new();
            self.open_blob(&blob.digest)?.take(2).read_to_end(&mut start).at("read", path)?;
            let gzip = start == [0x1f, 0x8b];
            layers.push(blob.descriptor(if gzip { MediaType::ImageLayerGzip } else { MediaType::ImageLayer }));
        }
        let manifest =
            json!({"schemaVersion": 2, "mediaType": MediaType::ImageManifest, "config": config, "layers": layers});
        let image_of = self.image(&self.write_document(&manifest)?.digest)?;
        Ok(Loaded { names: image.repo_tags.clone().unwrap_or_default(), image: image_of })
    }
}

impl Contents {
    fn blob(&self, path: &Path) -> Result<&Blob> {
        let path = plain(path);
        let found = self.blobs.get(&path).or_else(|| self.blobs.get(self.links.get(&path)?));
        found.ok_or_else(|| {
            let why = format!("manifest.json names {}, which is not in it", path.display());
            Error::Malformed { what: "the archive".into(), why }
        })
    }
}

/// A path as a key: without `.`, and with `..` taken out. It is never opened.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::ParentDir => drop(plain.pop()),
            _ => {}
        }
    }
    plain
}
