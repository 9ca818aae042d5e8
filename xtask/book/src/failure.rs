//! Why the tool stopped, in words for whoever runs it.

use std::fmt;
use std::path::Path;

pub type Result<T> = std::result::Result<T, Failure>;

/// A message; nothing here is handled by kind, only shown.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// For `map_err`: an action on a path that the system refused.
    pub fn io(action: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let doing = format!("cannot {action} {}", path.display());
        move |error| Self(format!("{doing}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// mdBook wants an error of a preprocessor's as one that others can carry.
impl std::error::Error for Failure {}
