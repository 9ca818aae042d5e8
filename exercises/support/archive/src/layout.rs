//! The directory of an OCI image layout (image-spec, image-layout.md).

use std::fs::{self, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use serde::Serialize;
use serde_json::json;
use sys::{Context, Temporary};

use crate::{Error, Result};

/// `oci-layout`, `index.json` and `blobs/sha256/`; beside them `tmp/` for what is not
/// finished, and two lock files.
#[derive(Debug)]
pub struct Layout {
    root: PathBuf,
    /// Shared while the layout is open: what has no name yet must not be pruned.
    pub in_use: Flock<File>,
}

impl Layout {
    /// Opens the layout at `root`, and makes what is missing of it.
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
        let layout = Self { root, in_use };
        let _lock = layout.lock_index()?;
        let version = json!({"imageLayoutVersion": "1.0.0"});
        let index = json!({"schemaVersion": 2, "manifests": []});
        for (name, document) in [("oci-layout", version), ("index.json", index)] {
            if !layout.root.join(name).exists() {
                layout.replace(name, &document)?;
            }
        }
        Ok(layout)
    }

    /// The directory, with no symbolic link in its path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Locks `index.json` against other processes, until the result is dropped.
    ///
    /// # Errors
    /// What open(2) and flock(2) say.
    pub fn lock_index(&self) -> Result<Flock<File>> {
        Ok(sys::lock(&self.root.join("index.lock"), FlockArg::LockExclusive)?)
    }

    /// Replaces a document of the layout, by rename(2).
    ///
    /// # Errors
    /// What writing a file says, such as `ENOSPC`.
    pub fn replace(&self, name: &str, document: &impl Serialize) -> Result<()> {
        let (directory, path) = (self.root.join("tmp"), self.root.join(name));
        Ok(sys::replace_file_from(&directory, &path, 0o644, &to_json(document)?)?)
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
}

/// A document as JSON with sorted keys: the same document always has the same bytes.
///
/// # Errors
/// [`Error::Malformed`] for what JSON has no words for, such as keys that are not text.
pub fn to_json(document: &impl Serialize) -> Result<Vec<u8>> {
    let bytes = serde_json::to_value(document).and_then(|value| serde_json::to_vec(&value));
    bytes.map_err(|error| Error::Malformed(error.to_string()))
}
