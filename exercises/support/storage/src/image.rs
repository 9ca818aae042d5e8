//! Reading an image: its manifest, its configuration, and how they fit together.

use images::{Blob, Digest, Layer, MAX_DOCUMENT, Store, spec};
use serde_json::Value;

use crate::{Error, Result, json};

/// An image whose manifest and configuration were read and checked.
#[derive(Clone, Debug)]
pub struct Image {
    /// Of the manifest.
    pub descriptor: spec::Descriptor,
    pub manifest: spec::ImageManifest,
    pub config: spec::ImageConfiguration,
    layers: Vec<Layer>,
}

impl Image {
    /// Reads the image of a manifest; of an index, the one for this machine.
    ///
    /// # Errors
    /// [`images::Error::Malformed`] if manifest and configuration disagree, or if the
    /// document can be read both as a manifest and as an index: two tools could then see
    /// two images behind one digest. [`Error::NoPlatform`]
    pub fn read(store: &Store, digest: &Digest) -> Result<Self> {
        let bytes = store.read_blob(digest, MAX_DOCUMENT)?;
        let what = format!("blob {digest}");
        let document: Value = json::parse(&bytes, &what)?;
        let has = |key| document.get(key).is_some_and(|value| !value.is_null());
        match (has("manifests"), has("config") || has("layers")) {
            (true, true) => Err(json::malformed(&what, "it is both an index and a manifest")),
            (true, false) => {
                let index: spec::ImageIndex = json::parse(&bytes, &what)?;
                Self::read(store, &select_platform(&index)?.digest().try_into()?)
            }
            (false, _) => {
                let blob = Blob { digest: digest.clone(), size: bytes.len() as u64 };
                Self::of_manifest(store, json::parse(&bytes, &what)?, &blob)
            }
        }
    }

    fn of_manifest(store: &Store, manifest: spec::ImageManifest, blob: &Blob) -> Result<Self> {
        let config: spec::ImageConfiguration = json::read_blob(store, &manifest.config().digest().try_into()?)?;
        let diff_ids = config.rootfs().diff_ids();
        if diff_ids.len() != manifest.layers().len() {
            let why = format!("{} layers, but the configuration has {}", manifest.layers().len(), diff_ids.len());
            return Err(json::malformed(&format!("manifest {}", blob.digest), &why));
        }
        let mut layers = Vec::new();
        for (descriptor, diff_id) in manifest.layers().iter().zip(diff_ids) {
            layers.push(Layer { descriptor: descriptor.clone(), diff_id: diff_id.parse()? });
        }
        let media_type = manifest.media_type().clone().unwrap_or(spec::MediaType::ImageManifest);
        Ok(Self { descriptor: blob.descriptor(media_type), manifest, config, layers })
    }

    /// The layers, lowest first.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The descriptors of everything that the image is made of, its manifest included.
    pub fn descriptors(&self) -> impl Iterator<Item = &spec::Descriptor> {
        [&self.descriptor, self.manifest.config()].into_iter().chain(self.manifest.layers())
    }

    /// What users call the image's id: the digest of its configuration.
    pub fn id(&self) -> Result<Digest> {
        Ok(self.manifest.config().digest().try_into()?)
    }
}

/// The manifest of an index that was made for this machine: the first whose operating
/// system and architecture are ours (image-spec, image-index.md).
fn select_platform(index: &spec::ImageIndex) -> Result<&spec::Descriptor> {
    let (os, architecture) = (spec::Os::Linux, spec::Arch::default());
    let fits = |platform: &spec::Platform| *platform.os() == os && *platform.architecture() == architecture;
    match index.manifests().as_slice() {
        [only] if only.platform().is_none() => Ok(only),
        all => {
            let found = all.iter().find(|descriptor| descriptor.platform().as_ref().is_some_and(fits));
            found.ok_or_else(|| Error::NoPlatform(format!("{os}/{architecture}")))
        }
    }
}
