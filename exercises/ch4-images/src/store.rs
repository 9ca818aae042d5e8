//! The store: an OCI image layout, whose blobs are named by what they hold.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use serde::Serialize;
use serde_json::json;
use sys::{Context, Temporary};

use crate::{Blob, Digest, Error, Result};

/// Manifests, indexes and configurations with more bytes are refused
/// (distribution-spec asks registries to take manifests of up to 4 MiB).
pub const MAX_DOCUMENT: u64 = 4 << 20;

/// No layer may unpack to more bytes, unless [`Store::layer_limit`] says otherwise.
const DEFAULT_LAYER_LIMIT: u64 = 16 << 30;

/// A directory in the form of an OCI image layout (image-spec, image-layout.md):
/// `oci-layout`, `index.json`, `blobs/sha256/`.
///
/// Beside them are `tmp/` for what is not finished, and two lock files.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    /// Shared while the store is open: what has no name yet must not be pruned.
    pub in_use: Flock<File>,
    /// How many bytes a layer may unpack to.
    pub layer_limit: u64,
}

impl Store {
    /// Opens the store at `root`, and makes what is missing of it.
    ///
    /// A new root is readable by its owner only, since unpacked layers hold set-uid
    /// programs of unknown origin.
    ///
    /// # Errors
    /// What mkdir(2), open(2) and flock(2) say, such as `EACCES`.
    pub fn open(root: &Path) -> Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(root).context("mkdir", root)?;
        let root = root.canonicalize().context("realpath", root)?;
        for name in ["blobs/sha256", "tmp"] {
            let directory = root.join(name);
            fs::create_dir_all(&directory).context("mkdir", &directory)?;
        }
        let in_use = sys::lock(&root.join("in-use.lock"), FlockArg::LockShared)?;
        let store = Self { root, in_use, layer_limit: DEFAULT_LAYER_LIMIT };
        let _lock = sys::lock(&store.root.join("index.lock"), FlockArg::LockExclusive)?;
        let layout = json!({"imageLayoutVersion": "1.0.0"});
        let index = json!({"schemaVersion": 2, "manifests": []});
        for (name, document) in [("oci-layout", layout), ("index.json", index)] {
            if !store.root.join(name).exists() {
                store.replace(name, &document)?;
            }
        }
        Ok(store)
    }

    /// The store's directory, with no symbolic link in its path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a blob is, or would be.
    pub fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.root.join("blobs/sha256").join(digest.hex())
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

    /// Makes a file in `tmp/`, on the same file system as the blobs, which is removed
    /// when it is dropped. What a killed process leaves there, prune removes.
    ///
    /// # Errors
    /// What open(2) says, such as `ENOSPC`.
    pub fn temporary_file(&self) -> Result<(Temporary, File)> {
        Ok(Temporary::file(&self.root.join("tmp"))?)
    }

    /// Makes a directory in `tmp/`, of mode 0755 as an image's root has. It is removed
    /// with all it holds when it is dropped.
    ///
    /// # Errors
    /// What mkdir(2) says, such as `ENOSPC`.
    pub fn temporary_directory(&self) -> Result<Temporary> {
        Ok(Temporary::directory(&self.root.join("tmp"))?)
    }

    /// Stores a document as a blob, unless it is there: to sync no file twice is most of
    /// the time that a build without changes takes.
    ///
    /// Its keys are sorted, so the same document always has the same digest.
    ///
    /// # Errors
    /// As [`Store::write_blob`].
    pub fn write_document(&self, document: &impl Serialize) -> Result<Blob> {
        let bytes = to_json(document)?;
        let digest = Digest::of(&bytes);
        match self.read_blob(&digest, MAX_DOCUMENT) {
            Ok(stored) => Ok(Blob { digest, size: stored.len() as u64 }),
            // Missing, or damaged: written anew.
            Err(_) => self.write_blob(&mut bytes.as_slice()),
        }
    }

    /// Replaces a document of the layout, by rename(2).
    ///
    /// # Errors
    /// What writing a file says, such as `ENOSPC`.
    pub fn replace(&self, name: &str, document: &impl Serialize) -> Result<()> {
        let (directory, path) = (self.root.join("tmp"), self.root.join(name));
        Ok(sys::replace_file_from(&directory, &path, 0o644, &to_json(document)?)?)
    }
}

/// JSON with sorted keys: the same document always has the same bytes.
fn to_json(document: &impl Serialize) -> Result<Vec<u8>> {
    let bytes = serde_json::to_value(document).and_then(|value| serde_json::to_vec(&value));
    bytes.map_err(|error| Error::Malformed { what: "a document".to_owned(), why: error.to_string() })
}
