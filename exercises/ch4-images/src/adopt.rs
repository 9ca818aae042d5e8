//! Taking an image over from another store on this machine.

use std::fs;

use crate::temporary::sync_parent;
use crate::{Blob, Image, Result, Store, spec};

impl Store {
    /// Takes an image of another store into this one, under the same name.
    /// `None` if the other has no such image.
    ///
    /// Blobs are hard-linked where the file system allows it, and copied and
    /// checked where not: blobs are never changed, so two stores can share them.
    pub fn adopt(&self, other: &Store, name: &str) -> Result<Option<Image>> {
        let Some(image) = other.find(name)? else { return Ok(None) };
        let parts = [&image.descriptor, image.manifest.config()].into_iter().chain(image.manifest.layers());
        for descriptor in parts {
            self.adopt_blob(other, descriptor)?;
        }
        self.tag(name, &image.descriptor)?;
        Ok(Some(image))
    }

    fn adopt_blob(&self, other: &Store, descriptor: &spec::Descriptor) -> Result<()> {
        let blob = Blob::try_from(descriptor)?;
        if self.has(&blob.digest) {
            return Ok(());
        }
        let path = self.blob_path(&blob.digest);
        if fs::hard_link(other.blob_path(&blob.digest), &path).is_ok() {
            return sync_parent(&path);
        }
        self.write_expected(&mut other.open_blob(&blob.digest)?, &blob.digest, blob.size).map(drop)
    }
}
