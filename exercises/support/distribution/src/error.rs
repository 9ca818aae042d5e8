//! What can go wrong with a name, a manifest or a platform.

/// The result of everything in this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why there is no such image.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A name that Docker would refuse as well.
    #[error("'{}' is not an image name: {why}", text.escape_debug())]
    Reference { text: String, why: &'static str },
    /// There is nothing to push under this name.
    #[error("no image is named {0}; `galley images` lists the names, `galley tag` gives one")]
    NoImage(String),
    /// A multi-platform image without this platform.
    #[error("{name} has no image for {wanted}, only for {found}")]
    NoPlatform { name: String, wanted: String, found: String },
    /// Text that does not name a platform.
    #[error("'{}' is not a platform: {why}; write os/architecture, such as linux/arm64 or linux/arm/v7", text.escape_debug())]
    Platform { text: String, why: &'static str },
    /// The store refused, or could not be read or written.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl From<archive::Error> for Error {
    fn from(error: archive::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl From<images::Error> for Error {
    fn from(error: images::Error) -> Self {
        Self::Storage(error.into())
    }
}
