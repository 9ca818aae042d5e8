//! What can go wrong between a request and its response.

/// The result of everything that speaks with a registry.
pub type Result<T> = std::result::Result<T, Error>;

/// Why there is no good response. Each message is one line. None holds a password, a
/// token, or an address's query, which may carry either.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A `WWW-Authenticate` header that cannot be answered.
    #[error("cannot answer the registry's challenge '{}': {why}", header.escape_debug())]
    Challenge { header: String, why: &'static str },
    /// The registry wants a name and a password, and none are stored for it.
    #[error("{0} asks for a login; run `galley login {0}`")]
    LoginNeeded(String),
    /// The registry, or its token service, did not accept the login.
    #[error("{registry} refused the login: {message}; check the name and the password, then `galley login {registry}`")]
    LoginRefused { registry: String, message: String },
    /// The login is accepted, or none is needed, but this repository is not open to it.
    #[error(
        "{registry} gives no access to this repository: {message}; check its name; if it is not public, \
         `galley login {registry}` with an account that may use it"
    )]
    NoAccess { registry: String, message: String },
    /// Any other status that was not expected, with the registry's own words.
    #[error("{method} {url}: {status} {message}")]
    Status { method: &'static str, url: String, status: u16, message: String },
    /// There is no connection, or it broke.
    #[error("{method} {url}: {why}")]
    Connection { method: &'static str, url: String, why: String },
    /// Plain HTTP to a host that is not this one.
    #[error(
        "{0}: plain HTTP is for localhost only, because anybody on the way could read and change it; use https, \
         or name host:port in GALLEY_INSECURE_REGISTRIES"
    )]
    NotEncrypted(String),
    /// No trusted authority vouches for the server's certificate.
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
    /// A response that the distribution specification does not allow.
    #[error("{method} {url}: the answer {why}")]
    Protocol { method: &'static str, url: String, why: String },
    /// The credential helper failed.
    #[error("{program}, which the Docker configuration names to keep logins, failed: {why}")]
    CredentialHelper { program: String, why: String },
    /// The file of logins is there but is not what Docker writes.
    #[error("{path} is not a Docker configuration: {why}; nothing in it was changed")]
    Credentials { path: String, why: String },
    /// A file could not be read or written.
    #[error(transparent)]
    Sys(#[from] sys::Error),
}

impl Error {
    /// Whether the registry understood and refused, so that asking for less may help.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Status { status, .. } => (400..500).contains(status) && *status != 429,
            Self::LoginNeeded(_) | Self::LoginRefused { .. } | Self::NoAccess { .. } => true,
            _ => false,
        }
    }
}
