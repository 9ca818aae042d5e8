//! A body that remembers how it broke.

use std::io::{self, Read};

/// Passes bytes on and keeps the error of the connection. The store, which reads the body,
/// would report a broken connection as a file that cannot be written.
pub struct TrackedBody<R> {
    inner: R,
    /// Why the connection broke, if it did.
    pub broken: Option<String>,
}

impl<R> TrackedBody<R> {
    /// Wraps the body of a response.
    pub fn new(inner: R) -> Self {
        Self { inner, broken: None }
    }
}

impl<R: Read> Read for TrackedBody<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                self.broken = Some(format!("the connection broke: {error}"));
            }
        })
    }
}
