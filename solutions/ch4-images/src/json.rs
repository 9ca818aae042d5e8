//! Documents as bytes.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::At;
use crate::{Blob, Digest, Error, Result, Store};

/// Manifests, indexes and configurations larger than this are refused
/// (distribution-spec asks registries to take manifests of up to 4 MiB).
pub const LARGEST: u64 = 4 << 20;

/// JSON with its keys sorted: the same document always has the same digest,
/// although maps in memory have no order.
pub fn to_bytes(document: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_value(document)
        .and_then(|value| serde_json::to_vec(&value))
        .at("write JSON for", Path::new("an image"))
}

/// Reads a document; `what` names it in the error.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8], what: &str) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| Error::Malformed { what: what.to_owned(), why: error.to_string() })
}

impl Store {
    /// Reads and checks a blob that holds a document.
    pub fn document<T: DeserializeOwned>(&self, digest: &Digest) -> Result<T> {
        from_bytes(&self.read_blob(digest, LARGEST)?, &format!("blob {digest}"))
    }

    /// Stores a document as a blob, unless it is there: two calls of fsync(2)
    /// less are most of the time that a build without changes takes.
    pub fn write_document(&self, document: &impl Serialize) -> Result<Blob> {
        let bytes = to_bytes(document)?;
        let digest = Digest::of(&bytes);
        match self.read_blob(&digest, LARGEST) {
            Ok(stored) => Ok(Blob { digest, size: stored.len() as u64 }),
            // Missing, or damaged: written anew.
            Err(_) => self.write_blob(&mut bytes.as_slice()),
        }
    }
}
