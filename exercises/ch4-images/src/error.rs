//! What can go wrong with an image, and what to do about it.

use crate::Digest;

/// The chapter's result type.
pub type Result<T> = std::result::Result<T, Error>;

/// Every error names what was touched; where a next step is known, it says so.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A system call failed.
    #[error("{0}")]
    Sys(#[source] sys::Error),
    /// An archive was refused, or could not be unpacked.
    #[error("{0}")]
    Archive(#[from] archive::Error),
    /// The bytes have another digest than the one they were asked for by.
    #[error("{what} has the digest {found}, not {expected}: it was changed or cut short; remove it and get it again")]
    Mismatch { what: String, expected: Digest, found: Digest },
    /// A document of more bytes than anybody needs.
    #[error("{what} is larger than the limit of {limit} bytes")]
    TooLarge { what: String, limit: u64 },
    /// JSON of another shape, or documents that contradict each other.
    #[error("{what} is malformed: {why}")]
    Malformed { what: String, why: String },
    /// A blob that a manifest names but the store does not have.
    #[error("the store has no blob {0}; pull or build the image again")]
    Missing(Digest),
    /// An overlay of nothing, or of more than the kernel takes.
    #[error("cannot stack {0} layers: overlay takes 1 to about 200; rebuild the image with fewer")]
    LayerCount(usize),
}

impl From<sys::Error> for Error {
    /// One of our own errors that came through a `Read` is handed on as it was.
    fn from(error: sys::Error) -> Self {
        match error.downcast() {
            Ok(archive) => Self::Archive(archive),
            Err(error) => Self::Sys(error),
        }
    }
}
