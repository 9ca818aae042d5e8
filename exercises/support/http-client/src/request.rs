//! What is sent.

use std::fs::File;

/// One request. Its address may be anywhere; [`crate::Client::url`] gives those of the
/// registry.
pub struct Request<'a> {
    pub method: &'static str,
    pub url: String,
    /// The media types that are understood; empty for any.
    pub accept: &'a str,
    /// The first byte of the body that is wanted.
    pub from: u64,
    pub content: Content<'a>,
}

/// The body of a request. A file is streamed, and rewound if it must be sent again.
pub enum Content<'a> {
    None,
    Bytes { bytes: &'a [u8], media_type: &'a str },
    File(&'a File),
}

impl<'a> Request<'a> {
    /// A request without a body.
    pub fn new(method: &'static str, url: String) -> Self {
        Self { method, url, accept: "", from: 0, content: Content::None }
    }

    /// The same request with a body.
    pub fn content(self, content: Content<'a>) -> Self {
        Self { content, ..self }
    }

    /// The same request for certain media types, separated by commas.
    pub fn accept(self, accept: &'a str) -> Self {
        Self { accept, ..self }
    }
}
