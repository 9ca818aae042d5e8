//! Where else in a registry the blobs of an image may be.

use images::{Blob, Digest, Store};
use storage::tags;

use crate::local_image::read;
use crate::{Reference, Result, blobs};

/// Other repositories of the same registry, and the blobs that they may have: the
/// names in the store say what was pulled from them or pushed to them.
pub struct MountSources {
    repositories: Vec<(String, Vec<Digest>)>,
}

impl MountSources {
    /// Looks through the names in the store; `parse` reads one.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn find(store: &Store, reference: &Reference, parse: impl Fn(&str) -> Option<Reference>) -> Result<Self> {
        let mut repositories = Vec::new();
        for (name, descriptor) in tags::list(store)? {
            let Some(other) = parse(&name) else { continue };
            if other.registry != reference.registry || other.repository == reference.repository {
                continue;
            }
            // An image that cannot be read is not a source.
            let manifest = read(store, &descriptor).and_then(|manifest| manifest.read_manifest(&other));
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
}
