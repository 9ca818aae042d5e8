//! What can go wrong between an image's name and a registry's answer.

use std::io;
use std::path::PathBuf;

pub type Result<T> = std::result::Result<T, Error>;

/// Each message is one line. None holds a password, a token, or an address's
/// query, which may carry either.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A name that Docker would not take either.
    #[error("'{}' is no image name: {why}", text.escape_debug())]
    Reference { text: String, why: &'static str },
    /// A `WWW-Authenticate` header that cannot be answered.
    #[error("cannot answer the registry's challenge '{}': {why}", header.escape_debug())]
    Challenge { header: String, why: &'static str },
    /// The registry wants a name and a password, and none are stored for it.
    #[error("{0} asks who you are; run `galley login {0}`")]
    LoginNeeded(String),
    /// The registry, or its token service, did not take what we sent.
    #[error("{registry} refused the login: {message}; check the name and the password, then `galley login {registry}`")]
    LoginRefused { registry: String, message: String },
    /// It knows who we are, or lets in anybody, but not here.
    #[error(
        "{registry} gives no access to this repository: {message}; check its name; if it is not public, \
         `galley login {registry}` as somebody who may"
    )]
    NoAccess { registry: String, message: String },
    /// Any other status that was not expected, with the registry's own words.
    #[error("{method} {url}: {status} {message}")]
    Refused { method: &'static str, url: String, status: u16, message: String },
    /// No connection, or one that broke.
    #[error("{method} {url}: {why}")]
    Broken { method: &'static str, url: String, why: String },
    /// Plain HTTP to a host that is not this one.
    #[error(
        "{0}: plain HTTP is spoken with localhost only, anybody on the way could read and change it; use https, \
         or name host:port in GALLEY_INSECURE_REGISTRIES"
    )]
    NotEncrypted(String),
    /// The server's certificate proves nothing to us.
    #[error(
        "{url}: the server's certificate is not trusted: {why}; if the registry is yours, name the file with its \
         authority's certificate in SSL_CERT_FILE"
    )]
    Certificate { url: String, why: String },
    /// What answered does not speak TLS.
    #[error(
        "{0}: the server does not speak TLS; if plain HTTP is what you want, name host:port in \
         GALLEY_INSECURE_REGISTRIES"
    )]
    NoTls(String),
    /// An answer that breaks the distribution specification.
    #[error("{method} {url}: the answer {why}")]
    Answer { method: &'static str, url: String, why: String },
    /// There is nothing to push under this name.
    #[error("no image is named {0}; `galley images` lists the names, `galley tag` gives one")]
    NoImage(String),
    /// A multi-platform image without this machine's platform.
    #[error("{name} has no image for {wanted}, only for {found}")]
    NoPlatform { name: String, wanted: String, found: String },
    /// A `--platform` that is none.
    #[error("'{}' is no platform: {why}; write os/architecture, such as linux/arm64 or linux/arm/v7", text.escape_debug())]
    Platform { text: String, why: &'static str },
    /// The store refused, or could not be written.
    #[error(transparent)]
    Image(#[from] images::Error),
    /// The names in the store, or a blob that is not what it should be.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// The credentials' file, or the progress report.
    #[error("cannot {action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    /// The program that keeps the logins did not do it.
    #[error("{program}, which the Docker configuration names to keep logins, failed: {why}")]
    Helper { program: String, why: String },
    /// The credentials' file is there but is not what Docker writes.
    #[error("{} is not a Docker configuration: {why}; nothing in it was changed", path.display())]
    Credentials { path: PathBuf, why: String },
}

impl From<archive::Error> for Error {
    fn from(error: archive::Error) -> Self {
        Self::Image(error.into())
    }
}

impl Error {
    /// Whether the registry understood and said no, so that asking for less may
    /// help.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Refused { status, .. } => (400..500).contains(status) && *status != 429,
            Self::LoginNeeded(_) | Self::LoginRefused { .. } | Self::NoAccess { .. } => true,
            _ => false,
        }
    }

    /// The report of progress went to a place that takes no more, such as a
    /// closed pipe.
    pub fn output(source: io::Error) -> Self {
        Self::Io { action: "write to", path: PathBuf::from("the output"), source }
    }
}
