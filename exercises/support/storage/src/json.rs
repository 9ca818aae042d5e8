//! JSON documents, in blobs and in files.

use images::{Digest, MAX_DOCUMENT, Store};
use serde::de::DeserializeOwned;

use crate::Result;

/// Reads a blob that holds a document, and compares it with its digest.
pub fn read_blob<T: DeserializeOwned>(store: &Store, digest: &Digest) -> Result<T> {
    parse(&store.read_blob(digest, MAX_DOCUMENT)?, &format!("blob {digest}"))
}

/// Reads a document; `what` names it in the error.
pub fn parse<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| malformed(what, &error.to_string()))
}

/// A document that is not what it should be.
pub fn malformed(what: &str, why: &str) -> crate::Error {
    images::Error::Malformed { what: what.to_owned(), why: why.to_owned() }.into()
}
