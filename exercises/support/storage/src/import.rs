//! Taking an image over from another store on this machine.

use std::fs;

use images::{Blob, Store, spec};

use crate::{Image, Result, tags, write_expected};

/// Takes an image of another store into this one, under the same name; `None` if the
/// other has no such image.
///
/// Blobs are hard-linked where the file system allows it, and copied and verified where
/// not: blobs are never changed, so two stores can share them.
///
/// # Errors
/// What reading the other store and writing to this one say.
pub fn import(store: &Store, other: &Store, name: &str) -> Result<Option<Image>> {
    let Some(image) = tags::find(other, name)? else { return Ok(None) };
    for descriptor in image.descriptors() {
        import_blob(store, other, descriptor)?;
    }
    tags::set(store, name, &image.descriptor)?;
    Ok(Some(image))
}

fn import_blob(store: &Store, other: &Store, descriptor: &spec::Descriptor) -> Result<()> {
    let blob = Blob::try_from(descriptor)?;
    if store.has(&blob.digest) {
        return Ok(());
    }
    let path = store.blob_path(&blob.digest);
    if fs::hard_link(other.blob_path(&blob.digest), &path).is_ok() {
        return Ok(sys::sync_parent(&path)?);
    }
    write_expected(store, &mut other.open_blob(&blob.digest)?, &blob)
}
