//! Manifests and indexes: the documents that say what an image is made of.

use images::{Blob, Digest, spec};

use crate::{Error, Platform, Reference, Result};

/// The most bytes that a manifest may have; registries need not accept more
/// (distribution-spec, "Pushing Manifests").
pub const MAX_MANIFEST: u64 = 4 << 20;

/// The media types that we can read: the OCI's and Docker's for the same things.
pub const MANIFEST_TYPES: [&str; 2] =
    ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];
pub const INDEX_TYPES: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];

/// The most layers that one overlay mount can have below it.
const MAX_LAYERS: usize = 500;

/// A manifest or an index as it was received, with its digest verified.
pub struct Manifest {
    pub bytes: Vec<u8>,
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    pub media_type: String,
}

impl Manifest {
    /// Whether it is a list of manifests for several platforms (image-spec, image-index.md).
    pub fn is_index(&self) -> bool {
        INDEX_TYPES.contains(&self.media_type.as_str())
    }

    /// Parses the bytes as a manifest (image-spec, manifest.md).
    ///
    /// # Errors
    /// [`images::Error::Malformed`] for other JSON, or for more layers than can be mounted.
    pub fn read_manifest(&self, reference: &Reference) -> Result<spec::ImageManifest> {
        let read: spec::ImageManifest =
            serde_json::from_slice(&self.bytes).map_err(|error| malformed(reference, &error))?;
        match read.layers().len() {
            0..=MAX_LAYERS => Ok(read),
            many => Err(malformed(reference, &format!("it has {many} layers, and {MAX_LAYERS} can be mounted"))),
        }
    }

    /// Parses the bytes as an index (image-spec, image-index.md).
    ///
    /// # Errors
    /// [`images::Error::Malformed`] for other JSON.
    pub fn read_index(&self, reference: &Reference) -> Result<spec::ImageIndex> {
        serde_json::from_slice(&self.bytes).map_err(|error| malformed(reference, &error))
    }

    /// The entry of an index that fits a platform best, not fetched yet. An only
    /// entry that names no platform fits all.
    ///
    /// # Errors
    /// [`Error::NoPlatform`] with those that there are.
    pub fn choose(&self, reference: &Reference, platform: &Platform) -> Result<Self> {
        let index = self.read_index(reference)?;
        let of = |entry: &spec::Descriptor| entry.platform().as_ref().map(Platform::from);
        let ranked = index.manifests().iter().filter_map(|entry| Some((platform.rank(&of(entry)?)?, entry)));
        let entry = match index.manifests().as_slice() {
            [only] if only.platform().is_none() => Some(only),
            _ => ranked.min_by_key(|(rank, _)| *rank).map(|(_, entry)| entry),
        };
        let found = || index.manifests().iter().filter_map(of).map(|platform| platform.to_string());
        let entry = entry.ok_or_else(|| platform.missing(reference, &found().collect::<Vec<_>>().join(", ")))?;
        let Blob { digest, size } = Blob::try_from(entry)?;
        Ok(Self { bytes: Vec::new(), digest, size, media_type: entry.media_type().to_string() })
    }
}

/// The config and the layers of an image.
///
/// # Errors
/// A descriptor whose digest is not one.
pub fn blobs(manifest: &spec::ImageManifest) -> Result<Vec<Blob>> {
    let descriptors = [manifest.config()].into_iter().chain(manifest.layers());
    descriptors.map(|descriptor| Ok(Blob::try_from(descriptor)?)).collect()
}

fn malformed(reference: &Reference, why: &impl ToString) -> Error {
    images::Error::Malformed { what: format!("the manifest of {}", reference.familiar()), why: why.to_string() }.into()
}
