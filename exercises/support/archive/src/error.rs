//! What can be wrong with an archive, or with writing its files.

/// The result of everything that reads or writes an archive.
pub type Result<T> = std::result::Result<T, Error>;

/// An archive that was refused, or a file of it that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A system call failed.
    #[error("{0}")]
    Sys(#[source] sys::Error),
    /// More came out than was allowed, as from a decompression bomb.
    #[error("the archive is larger than the limit of {limit} bytes")]
    TooLarge {
        /// Bytes.
        limit: u64,
    },
    /// An entry that reaches outside, or that no honest tool makes.
    #[error("refused '{name}': {why}; do not trust this layer")]
    Refused { name: String, why: &'static str },
    /// Text that is not a `sha256:` digest.
    #[error("'{0}' is not a digest: expected sha256: and 64 digits 0-9a-f")]
    NotDigest(String),
    /// Bytes that are not an archive.
    #[error("the archive is malformed: {0}")]
    Malformed(String),
    /// A format or a kind of entry that is not read here.
    #[error("{0} is not supported here")]
    Unsupported(String),
}

impl From<sys::Error> for Error {
    /// One of our own errors that came through a `Read` is handed on as it was.
    fn from(error: sys::Error) -> Self {
        error.downcast().unwrap_or_else(Self::Sys)
    }
}
