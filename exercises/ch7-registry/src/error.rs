//! What can go wrong between an image's name and a registry's answer.

/// The result of every step that is not about HTTP alone.
pub type Result<T> = std::result::Result<T, Error>;

/// Each message is one line, without a password, a token or an address's query.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A name, a manifest or a platform.
    #[error(transparent)]
    Distribution(#[from] distribution::Error),
    /// The connection, the login, or what the registry answered.
    #[error(transparent)]
    Http(#[from] http_client::Error),
    /// Names in the store, and reading an image from it.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// A blob of the store.
    #[error(transparent)]
    Images(#[from] images::Error),
    /// A digest that is not one.
    #[error(transparent)]
    Digest(#[from] archive::Error),
    /// A file, or the output, of this program.
    #[error(transparent)]
    Sys(#[from] sys::Error),
}
