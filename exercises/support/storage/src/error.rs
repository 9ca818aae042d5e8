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
    /// The bytes are fewer or more than the descriptor says.
    #[error("{what} should be {expected} bytes long, but {found} were read; get it again")]
    Size { what: String, expected: u64, found: u64 },
    /// A multi-platform image without a manifest for this machine.
    #[error("the image has no manifest for {0}; it was made for other machines")]
    NoPlatform(String),
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
