//! `GALLEY_HOME`: where everything is kept, and where images come from.

use std::env;
use std::io::stderr;
use std::path::PathBuf;

use distribution::{Platform, Reference};
use http_client::Direction;
use images::Store;
use monitor::Containers;
use storage::{Image, tags};

use sys::Context;

use crate::error::{Error, Result};
use crate::transfers::shown;

/// The directory that holds the store and the containers.
pub struct Home {
    directory: PathBuf,
}

impl Home {
    /// `GALLEY_HOME`, else the XDG data directory's `galley`.
    ///
    /// # Errors
    /// [`Error::NoHome`] if the environment names neither.
    pub fn find() -> Result<Self> {
        let given = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let directory = given("GALLEY_HOME")
            .or_else(|| given("XDG_DATA_HOME").map(|data| data.join("galley")))
            .or_else(|| given("HOME").map(|home| home.join(".local/share/galley")))
            .ok_or(Error::NoHome)?;
        // Mounts and the container's own view need a path that holds everywhere.
        let directory = std::path::absolute(&directory).context("find", &directory)?;
        Ok(Self { directory })
    }

    /// The images, as an OCI image layout.
    pub fn store(&self) -> Result<Store> {
        Ok(Store::open(&self.directory.join("store"))?)
    }

    pub fn containers(&self) -> Result<Containers> {
        Ok(Containers::open(&self.directory.join("containers"))?)
    }
}

/// An image that is here; a name is completed as Docker does, an id may be short.
pub fn local(store: &Store, name: &str) -> Result<Image> {
    if let Ok(reference) = registry::parse_reference(name)
        && let Some(image) = tags::find(store, &reference.to_string())?
    {
        return Ok(image);
    }
    tags::find(store, name)?.ok_or_else(|| Error::NoImage(name.to_owned()))
}

/// An image from here, from the pantry, or from its registry, in this order.
///
/// The pantry is an OCI image layout with base images, named by `GALLEY_PANTRY`:
/// where Docker Hub cannot be reached, it stands in for it.
pub fn obtain(store: &Store, name: &str) -> Result<Image> {
    match local(store, name) {
        Err(Error::NoImage(_)) => {}
        other => return other,
    }
    let reference = registry::parse_reference(name)?;
    if let Some(image) = from_pantry(store, &reference)? {
        return Ok(image);
    }
    eprintln!("galley: {} is not here; pulling it", reference.familiar());
    let mut out = stderr();
    let report = &mut shown(&mut out, Direction::Pull);
    Ok(registry::pull(store, &reference, &Platform::host(), report)?)
}

/// Copies an image from the pantry, if there is one and it has it.
pub fn from_pantry(store: &Store, reference: &Reference) -> Result<Option<Image>> {
    let Some(pantry) = env::var_os("GALLEY_PANTRY").filter(|path| !path.is_empty()) else { return Ok(None) };
    if reference.registry != "docker.io" {
        return Ok(None);
    }
    Ok(storage::import(store, &Store::open(&PathBuf::from(pantry))?, &reference.to_string())?)
}
