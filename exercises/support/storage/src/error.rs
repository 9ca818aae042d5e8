//! What can go wrong with names, saved images and unpacked layers.

use std::path::PathBuf;

/// The result of everything that this crate does.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the storage could not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A blob, a layer or an image, as chapter 4 reports it.
    #[error(transparent)]
    Images(#[from] images::Error),
    /// A prefix that fits more than one image.
    #[error("'{0}' fits more than one image; give more digits")]
    Ambiguous(String),
    /// Pruning while another process may be writing.
    #[error("another command is using the store at {}; try again when it has ended", .0.display())]
    InUse(PathBuf),
}

impl From<sys::Error> for Error {
    fn from(error: sys::Error) -> Self {
        Self::Images(error.into())
    }
}

impl From<archive::Error> for Error {
    fn from(error: archive::Error) -> Self {
        Self::Images(error.into())
    }
}
