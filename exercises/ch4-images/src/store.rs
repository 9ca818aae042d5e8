//! The store: an OCI image layout, whose blobs are named by what they hold.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use archive::Layout;
use serde::Serialize;
use sys::Context;

use crate::{Blob, Digest, Error, Result};

/// Manifests, indexes and configurations with more bytes are refused
/// (distribution-spec asks registries to take manifests of up to 4 MiB).
pub const MAX_DOCUMENT: u64 = 4 << 20;

/// An OCI image layout, as a store of blobs.
#[derive(Debug)]
pub struct Store {
    /// The directory: `oci-layout`, `index.json`, `blobs/sha256/`.
    pub layout: Layout,
    /// How many bytes a layer may unpack to: 16 GiB, unless it is changed.
    pub layer_limit: u64,
}

impl Store {
    /// Opens the store at `root`, and makes what is missing of it.
    ///
    /// # Errors
    /// As [`Layout::open`].
    pub fn open(root: &Path) -> Result<Self> {
        Ok(Self { layout: Layout::open(root)?, layer_limit: 16 << 30 })
    }

    /// The store's directory, with no symbolic link in its path.
    pub fn root(&self) -> &Path {
        self.layout.root()
    }

    /// Where a blob is, or would be.
    pub fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.root().join("blobs/sha256").join(digest.hex())
    }

    /// Whether the blob is there. Its bytes are checked when they are read.
    pub fn has(&self, digest: &Digest) -> bool {
        self.blob_path(digest).is_file()
    }

    /// Stores what `reader` yields under its digest.
    ///
    /// The bytes go to a temporary file while they are hashed. Then the file is written
    /// out (fsync(2)), renamed into place (rename(2)), and the directory with the new
    /// name is written out too. So a blob under its name is always whole, whenever the
    /// process is killed, and memory does not grow with the blob.
    ///
    /// # Errors
    /// What `reader` fails with; `ENOSPC` and `EIO` for a disk that did not keep them.
    pub fn write_blob(&self, reader: &mut dyn Read) -> Result<Blob> {
        // ANCHOR: write_blob
        let _ = &reader; // what you have to work with
        todo!("ch4 step 1: store bytes under their digest")
        // ANCHOR_END: write_blob
    }

    /// Reads a blob into memory, and compares it with its digest.
    ///
    /// # Errors
    /// `Missing` if there is none, `TooLarge` if it has more than `limit` bytes (it is
    /// not read into memory then), `Mismatch` if its bytes have changed.
    pub fn read_blob(&self, digest: &Digest, limit: u64) -> Result<Vec<u8>> {
        // ANCHOR: read_blob
        let _ = (&digest, &limit); // what you have to work with
        todo!("ch4 step 2: read them back, and refuse what does not match")
        // ANCHOR_END: read_blob
    }

    /// Opens a blob to stream it. Nothing compares its bytes with the digest.
    ///
    /// # Errors
    /// `Missing` if there is none.
    pub fn open_blob(&self, digest: &Digest) -> Result<File> {
        let path = self.blob_path(digest);
        match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::Missing(digest.clone())),
            other => Ok(other.context("open", &path)?),
        }
    }

    /// Stores a document as a blob, with sorted keys, so that the same document always has
    /// the same digest. One that is there is not written and synced again.
    ///
    /// # Errors
    /// As [`Store::write_blob`].
    pub fn write_document(&self, document: &impl Serialize) -> Result<Blob> {
        let bytes = archive::to_json(document)?;
        let digest = Digest::of(&bytes);
        match self.read_blob(&digest, MAX_DOCUMENT) {
            Ok(stored) => Ok(Blob { digest, size: stored.len() as u64 }),
            // Missing, or damaged: written anew.
            Err(_) => self.write_blob(&mut bytes.as_slice()),
        }
    }
}
