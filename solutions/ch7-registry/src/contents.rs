//! What the store has under a name, and where else its blobs may be.

use images::{Blob, Digest, Store, spec};
use storage::{Image, tags};

use crate::pull::Fetched;
use crate::push::MANIFEST_LIMIT;
use crate::{Client, Error, Platform, Reference, Result, parse_reference};

/// The image that the store has under this name; of an index the one for
/// `platform`.
///
/// # Errors
/// [`Error::NoImage`], or [`Error::NoPlatform`].
pub fn image(store: &Store, reference: &Reference, platform: &Platform) -> Result<Image> {
    let named = named(store, reference)?;
    let digest = if named.is_index() { named.choose(reference, platform)?.digest } else { named.digest };
    Ok(Image::read(store, &digest)?)
}

/// The manifest or index that has this name; a digest needs no name.
///
/// # Errors
/// [`Error::NoImage`]
pub fn named(store: &Store, reference: &Reference) -> Result<Fetched> {
    let name = reference.to_string();
    let found = tags::list(store)?.into_iter().find(|(known, _)| *known == name);
    match (found, &reference.digest) {
        (Some((_, descriptor)), _) => read(store, &descriptor),
        (None, Some(digest)) if store.has(digest) => {
            let image = Image::read(store, digest)?;
            read(store, &image.descriptor)
        }
        _ => Err(Error::NoImage(name)),
    }
}

/// The config and the layers of an image.
pub fn blobs(manifest: &spec::ImageManifest) -> Result<Vec<Blob>> {
    let descriptors = [manifest.config()].into_iter().chain(manifest.layers());
    descriptors.map(|descriptor| Ok(Blob::try_from(descriptor)?)).collect()
}

fn read(store: &Store, descriptor: &spec::Descriptor) -> Result<Fetched> {
    let Blob { digest, size } = Blob::try_from(descriptor)?;
    let bytes = store.read_blob(&digest, MANIFEST_LIMIT)?;
    Ok(Fetched { bytes, digest, size, media_type: descriptor.media_type().to_string() })
}

/// Other repositories of the same registry, and the blobs that they may have: the
/// names in the store tell what was pulled from them or pushed to them.
pub struct Elsewhere {
    repositories: Vec<(String, Vec<Digest>)>,
}

impl Elsewhere {
    /// # Errors
    /// The store cannot be read.
    pub fn of(store: &Store, reference: &Reference) -> Result<Self> {
        let mut repositories = Vec::new();
        for (name, descriptor) in tags::list(store)? {
            let Ok(other) = parse_reference(&name) else { continue };
            if other.registry != reference.registry || other.repository == reference.repository {
                continue;
            }
            // An image that cannot be read is nowhere.
            let manifest = read(store, &descriptor).and_then(|fetched| fetched.read_manifest(&other));
            if let Ok(found) = manifest.and_then(|manifest| blobs(&manifest)) {
                repositories.push((other.repository, found.into_iter().map(|blob| blob.digest).collect()));
            }
        }
        Ok(Self { repositories })
    }

    /// A repository that may have the blob.
    pub fn source(&self, blob: &Blob) -> Option<&str> {
        let found = self.repositories.iter().find(|(_, digests)| digests.contains(&blob.digest));
        found.map(|(repository, _)| repository.as_str())
    }

    /// A client for the registry, whose tokens also allow reading wherever one of
    /// these blobs may be.
    ///
    /// # Errors
    /// A login that cannot be read.
    pub fn client(&self, reference: &Reference, blobs: &[Blob]) -> Result<Client> {
        let client = Client::new(&reference.registry)?;
        blobs.iter().filter_map(|blob| self.source(blob)).for_each(|repository| client.also_reads(repository));
        Ok(client)
    }
}
