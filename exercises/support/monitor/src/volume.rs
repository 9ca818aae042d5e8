//! A path of the host, seen inside.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A directory or file of the host, and where it is inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    pub source: PathBuf,
    pub target: PathBuf,
    pub read_only: bool,
}

impl Volume {
    /// Reads `HOST-PATH:CONTAINER-PATH[:ro]`.
    ///
    /// # Errors
    /// [`Error::Volume`]: a part is missing, the path inside is not absolute, or the
    /// source does not exist. Docker makes a missing source as an empty directory; a
    /// typing error is then found much later.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |reason| Error::Volume { text: text.to_owned(), reason };
        let mut parts = text.split(':');
        let (Some(source), Some(target)) = (parts.next(), parts.next()) else {
            return Err(refuse("the path in the container is missing"));
        };
        let read_only = match (parts.next(), parts.next()) {
            (None, _) | (Some("rw"), None) => false,
            (Some("ro"), None) => true,
            _ => return Err(refuse("the option must be ro or rw")),
        };
        if !Path::new(target).is_absolute() {
            return Err(refuse("the path in the container must begin with /"));
        }
        let source = Path::new(source).canonicalize().map_err(|_| refuse("the path on the host does not exist"))?;
        Ok(Self { source, target: target.into(), read_only })
    }
}
