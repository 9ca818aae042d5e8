//! An image: a configuration and layers, held together by a manifest.

use crate::store::{MAX_DOCUMENT, from_json};
use crate::{Blob, Digest, Error, Layer, Result, Store, spec};

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
        self.manifest.config().digest().try_into()
    }
}

impl Store {
    /// Describes layers, lowest first, as an image: writes the configuration and
    /// the manifest, and returns the manifest's descriptor.
    ///
    /// The configuration lists the layers' diffIDs, the manifest their digests
    /// (image-spec, config.md and manifest.md); whatever `config` had as
    /// `rootfs` is replaced. Their media types are `ImageConfig` and `ImageManifest`.
    pub fn add_image(&self, config: &spec::ImageConfiguration, layers: &[Layer]) -> Result<spec::Descriptor> {
        // ANCHOR: add_image
        use crate::spec::{ImageManifestBuilder, MediaType, RootFs};

        let mut rootfs = RootFs::default();
        rootfs.set_diff_ids(layers.iter().map(|layer| layer.diff_id.to_string()).collect());
        let mut config = config.clone();
        config.set_rootfs(rootfs);
        let config = self.write_document(&config)?.descriptor(MediaType::ImageConfig);
        let manifest = ImageManifestBuilder::default()
            .schema_version(spec::SCHEMA_VERSION)
            .media_type(MediaType::ImageManifest)
            .config(config)
            .layers(layers.iter().map(|layer| layer.descriptor.clone()).collect::<Vec<_>>())
            .build()
            .map_err(|error| Error::Malformed { what: "the manifest".into(), why: error.to_string() })?;
        Ok(self.write_document(&manifest)?.descriptor(MediaType::ImageManifest))
        // ANCHOR_END: add_image
    }

    /// Reads the image of a manifest; of an index, the one for this machine.
    ///
    /// # Errors
    /// `Malformed` if manifest and configuration disagree, or if the document
    /// can be read both as a manifest and as an index: two tools could then see
    /// two images behind one digest.
    pub fn image(&self, manifest: &Digest) -> Result<Image> {
        let bytes = self.read_blob(manifest, MAX_DOCUMENT)?;
        let what = format!("blob {manifest}");
        let shape: serde_json::Value = from_json(&bytes, &what)?;
        let has = |key| shape.get(key).is_some_and(|value| !value.is_null());
        let malformed = |why: &str| Error::Malformed { what: what.clone(), why: why.to_owned() };
        match (has("manifests"), has("config") || has("layers")) {
            (true, true) => Err(malformed("it is both an index and a manifest")),
            (true, false) => {
                let index: spec::ImageIndex = from_json(&bytes, &what)?;
                self.image(&Blob::try_from(select_platform(&index)?)?.digest)
            }
            (false, _) => self.image_of(
                from_json(&bytes, &what)?,
                Blob { digest: manifest.clone(), size: bytes.len() as u64 },
            ),
        }
    }

    fn image_of(&self, manifest: spec::ImageManifest, blob: Blob) -> Result<Image> {
        let media_type = manifest.media_type().clone().unwrap_or(spec::MediaType::ImageManifest);
        let config: spec::ImageConfiguration = self.document(&manifest.config().digest().try_into()?)?;
        let diff_ids = config.rootfs().diff_ids();
        if diff_ids.len() != manifest.layers().len() {
            let why = format!("{} layers, but the configuration has {}", manifest.layers().len(), diff_ids.len());
            return Err(Error::Malformed { what: format!("manifest {}", blob.digest), why });
        }
        let mut layers = Vec::new();
        for (descriptor, diff_id) in manifest.layers().iter().zip(diff_ids) {
            layers.push(Layer { descriptor: descriptor.clone(), diff_id: diff_id.parse()? });
        }
        Ok(Image { descriptor: blob.descriptor(media_type), manifest, config, layers })
    }
}

/// The manifest of an index that was made for this machine: the first whose
/// operating system and architecture are ours (image-spec, image-index.md).
fn select_platform(index: &spec::ImageIndex) -> Result<&spec::Descriptor> {
    let (os, architecture) = (spec::Os::Linux, spec::Arch::default());
    let ours = |descriptor: &&spec::Descriptor| {
        descriptor
            .platform()
            .as_ref()
            .is_some_and(|platform| *platform.os() == os && *platform.architecture() == architecture)
    };
    match index.manifests().as_slice() {
        [only] if only.platform().is_none() => Ok(only),
        all => all.iter().find(ours).ok_or_else(|| Error::NoPlatform(format!("{os}/{architecture}"))),
    }
}
