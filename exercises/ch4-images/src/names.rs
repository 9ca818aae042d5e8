//! Names of images: the entries of `index.json`.

use std::collections::HashMap;

use nix::fcntl::FlockArg;

use crate::error::At;
use crate::store::lock;
use crate::{Digest, Error, Image, Result, Store, json, spec};

/// The annotation that holds an image's name (image-spec, annotations.md).
const NAME: &str = "org.opencontainers.image.ref.name";

impl Store {
    /// Gives an image a name. An image that had the name before stays in the
    /// store without one, until [`Store::collect`] is told to remove such.
    pub fn tag(&self, name: &str, manifest: &spec::Descriptor) -> Result<()> {
        self.change_index(|images| {
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
    pub fn list(&self, manifest: &spec::Descriptor) -> Result<()> {
        self.change_index(|images| {
            if images.iter().all(|image| image.digest() != manifest.digest()) {
                images.push(manifest.clone());
            }
        })
    }

    /// Takes a name away, and says whether there was such a name.
    pub fn untag(&self, name: &str) -> Result<bool> {
        let mut found = false;
        self.change_index(|images| {
            let before = images.len();
            images.retain(|image| name_of(image) != Some(name));
            found = images.len() < before;
        })?;
        Ok(found)
    }

    /// Takes an image off the list, with every name it has.
    pub fn unlist(&self, manifest: &spec::Descriptor) -> Result<()> {
        self.change_index(|images| images.retain(|image| image.digest() != manifest.digest()))
    }

    /// Every name with its image's descriptor, sorted by name.
    pub fn names(&self) -> Result<Vec<(String, spec::Descriptor)>> {
        let mut names: Vec<_> = self
            .index()?
            .manifests()
            .iter()
            .filter_map(|image| name_of(image).map(|name| (name.to_owned(), image.clone())))
            .collect();
        names.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(names)
    }

    /// Images that never had a name, or lost their last one to another image.
    pub fn untagged(&self) -> Result<Vec<spec::Descriptor>> {
        let (named, unnamed): (Vec<_>, Vec<_>) =
            self.index()?.manifests().iter().cloned().partition(|image| name_of(image).is_some());
        let lost = |image: &spec::Descriptor| named.iter().all(|other| other.digest() != image.digest());
        Ok(unnamed.into_iter().filter(lost).collect())
    }

    /// The image of this name, or the only one whose manifest digest or id
    /// begins with it (at least four digits, with or without `sha256:`).
    pub fn find(&self, name: &str) -> Result<Option<Image>> {
        let index = self.index()?;
        if let Some(found) = index.manifests().iter().find(|image| name_of(image) == Some(name)) {
            return self.image(&found.digest().try_into()?).map(Some);
        }
        let prefix = name.strip_prefix("sha256:").unwrap_or(name);
        if prefix.len() < 4 || !prefix.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let mut found: HashMap<Digest, Image> = HashMap::new();
        for descriptor in index.manifests() {
            let digest: Digest = descriptor.digest().try_into()?;
            let image = self.image(&digest)?;
            if digest.hex().starts_with(prefix) || image.id()?.hex().starts_with(prefix) {
                found.insert(image.id()?, image);
            }
        }
        if found.len() > 1 {
            return Err(Error::Ambiguous(name.to_owned()));
        }
        Ok(found.into_values().next())
    }

    /// `index.json` as it is.
    pub(crate) fn index(&self) -> Result<spec::ImageIndex> {
        let path = self.root().join("index.json");
        json::from_bytes(&std::fs::read(&path).at("read", &path)?, &path.display().to_string())
    }

    /// Changes the list of images while no other process does.
    ///
    /// Readers need no lock: the file is replaced whole, by rename(2).
    pub(crate) fn change_index(&self, change: impl FnOnce(&mut Vec<spec::Descriptor>)) -> Result<()> {
        let _lock = lock(&self.root().join("index.lock"), FlockArg::LockExclusive)?;
        let mut index = self.index()?;
        let mut images = index.manifests().clone();
        change(&mut images);
        if *index.manifests() == images {
            return Ok(());
        }
        index.set_manifests(images);
        self.replace("index.json", &json::to_bytes(&index)?)
    }
}

/// The name in the annotations, if there is one.
pub(crate) fn name_of(image: &spec::Descriptor) -> Option<&str> {
    image.annotations().as_ref()?.get(NAME).map(String::as_str)
}

fn set_name(image: &mut spec::Descriptor, name: Option<&str>) {
    let mut annotations = image.annotations().clone().unwrap_or_default();
    match name {
        Some(name) => annotations.insert(NAME.to_owned(), name.to_owned()),
        None => annotations.remove(NAME),
    };
    image.set_annotations(Some(annotations).filter(|all| !all.is_empty()));
}
