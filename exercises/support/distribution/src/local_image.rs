//! What the store has under a name.

use images::{Blob, Store, spec};
use storage::{Image, tags};

use crate::{Error, MAX_MANIFEST, Manifest, Platform, Reference, Result};

/// The image that the store has under this name; of an index the one for
/// `platform`.
///
/// # Errors
/// [`Error::NoImage`], or [`Error::NoPlatform`].
pub fn local_image(store: &Store, reference: &Reference, platform: &Platform) -> Result<Image> {
    let named = named(store, reference)?;
    let digest = if named.is_index() { named.choose(reference, platform)?.digest } else { named.digest };
    Ok(Image::read(store, &digest)?)
}

/// The manifest or index of this name; a digest needs no name.
///
/// # Errors
/// [`Error::NoImage`]
pub fn named(store: &Store, reference: &Reference) -> Result<Manifest> {
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

/// Reads the manifest or the index of a descriptor, and verifies it.
///
/// # Errors
/// Those of [`Store::read_blob`].
pub(crate) fn read(store: &Store, descriptor: &spec::Descriptor) -> Result<Manifest> {
    let Blob { digest, size } = Blob::try_from(descriptor)?;
    let bytes = store.read_blob(&digest, MAX_MANIFEST)?;
    Ok(Manifest { bytes, digest, size, media_type: descriptor.media_type().to_string() })
}

/// Gives an image that was pulled its name, and says whether it had it before.
///
/// # Errors
/// Those of [`tags::set`].
pub fn tag(store: &Store, reference: &Reference, pulled: &spec::Descriptor) -> Result<&'static str> {
    let name = reference.to_string();
    let had = tags::list(store)?.into_iter().find(|(known, _)| *known == name);
    tags::set(store, &name, pulled)?;
    let same = had.is_some_and(|(_, descriptor)| descriptor.digest() == pulled.digest());
    Ok(if same { "Image is up to date for" } else { "Downloaded newer image for" })
}
