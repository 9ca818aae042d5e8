//! The requests that were answered, as a check compares them.

use std::fmt;

/// One request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `GET`, `HEAD`, `POST`, …
    pub method: String,
    /// The path without its query; an upload's random id is written `<upload>`.
    pub path: String,
    /// The query as sent, without the `?`.
    pub query: String,
    /// The status of the answer; 0 if the connection was dropped before it.
    pub status: u16,
    /// The whole `Authorization` header, if one came.
    pub authorization: Option<String>,
    /// The `Content-Type` header, if one came.
    pub content_type: Option<String>,
    /// The `Accept` headers, joined by commas.
    pub accept: String,
}

impl fmt::Display for Entry {
    /// `PUT /v2/ada/quotes/manifests/1 201`: no query, and never a header, for
    /// those carry digests, random state and secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.method, self.path, self.status)
    }
}
