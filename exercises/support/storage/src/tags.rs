//! Names of images: the entries of `index.json`.

use std::collections::HashMap;

use images::{Digest, Store, spec};

use crate::{Error, Image, Result, index};

/// Gives an image a name. An image that had the name before stays in the store without
/// one, until [`crate::prune`] removes it.
///
/// # Errors
/// What open(2), flock(2) and rename(2) say of `index.json`; so it is with every function here.
pub fn set(store: &Store, name: &str, manifest: &spec::Descriptor) -> Result<()> {
    index::change(store, |images| {
        if images.iter().any(|image| name_of(image) == Some(name) && image.digest() == manifest.digest()) {
            return;
        }
        for image in images.iter_mut().filter(|image| name_of(image) == Some(name)) {
            set_name(image, None);
        }
        images.retain(|image| name_of(image).is_some() || image.digest() != manifest.digest());
        let mut named = manifest.clone();
        set_name(&mut named, Some(name));
        images.push(named);
    })
}

/// Lists an image that has no name yet, so that it is found by its id.
pub fn add_unnamed(store: &Store, manifest: &spec::Descriptor) -> Result<()> {
    index::change(store, |images| {
        if images.iter().all(|image| image.digest() != manifest.digest()) {
            images.push(manifest.clone());
        }
    })
}

/// Removes a name, and says whether there was such a name.
pub fn remove(store: &Store, name: &str) -> Result<bool> {
    let mut found = false;
    index::change(store, |images| {
        let before = images.len();
        images.retain(|image| name_of(image) != Some(name));
        found = images.len() < before;
    })?;
    Ok(found)
}

/// Removes an image from the list, with every name it has.
pub fn remove_image(store: &Store, manifest: &spec::Descriptor) -> Result<()> {
    index::change(store, |images| images.retain(|image| image.digest() != manifest.digest()))
}

/// Every name with its image's descriptor, sorted by name.
pub fn list(store: &Store) -> Result<Vec<(String, spec::Descriptor)>> {
    let list = index::read(store)?;
    let named = list.manifests().iter().filter_map(|image| Some((name_of(image)?.to_owned(), image.clone())));
    let mut names: Vec<_> = named.collect();
    names.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(names)
}

/// Images that never had a name, or lost their last one to another image.
pub fn unnamed(store: &Store) -> Result<Vec<spec::Descriptor>> {
    let (named, unnamed): (Vec<_>, Vec<_>) =
        index::read(store)?.manifests().iter().cloned().partition(|image| name_of(image).is_some());
    let has_no_name = |image: &spec::Descriptor| named.iter().all(|other| other.digest() != image.digest());
    Ok(unnamed.into_iter().filter(has_no_name).collect())
}

/// The image of this name, or the only one whose manifest digest or id begins with it
/// (at least four digits, with or without `sha256:`).
///
/// # Errors
/// [`Error::Ambiguous`] if the digits fit several images.
pub fn find(store: &Store, name: &str) -> Result<Option<Image>> {
    let list = index::read(store)?;
    if let Some(found) = list.manifests().iter().find(|image| name_of(image) == Some(name)) {
        return Ok(Some(Image::read(store, &found.digest().try_into()?)?));
    }
    let prefix = name.strip_prefix("sha256:").unwrap_or(name);
    if prefix.len() < 4 || !prefix.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(None);
    }
    let mut found: HashMap<Digest, Image> = HashMap::new();
    for descriptor in list.manifests() {
        let digest: Digest = descriptor.digest().try_into()?;
        let image = Image::read(store, &digest)?;
        if digest.hex().starts_with(prefix) || image.id()?.hex().starts_with(prefix) {
            found.insert(image.id()?, image);
        }
    }
    if found.len() > 1 {
        return Err(Error::Ambiguous(name.to_owned()));
    }
    Ok(found.into_values().next())
}

/// The name in the annotations, if there is one (image-spec, annotations.md).
pub(crate) fn name_of(image: &spec::Descriptor) -> Option<&str> {
    image.annotations().as_ref()?.get(spec::ANNOTATION_REF_NAME).map(String::as_str)
}

fn set_name(image: &mut spec::Descriptor, name: Option<&str>) {
    let mut annotations = image.annotations().clone().unwrap_or_default();
    match name {
        Some(name) => annotations.insert(spec::ANNOTATION_REF_NAME.to_owned(), name.to_owned()),
        None => annotations.remove(spec::ANNOTATION_REF_NAME),
    };
    image.set_annotations(Some(annotations).filter(|all| !all.is_empty()));
}
