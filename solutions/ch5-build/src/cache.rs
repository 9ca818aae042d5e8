//! Step 4: know when nothing has changed.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use images::{Layer, Store};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::context::Selected;
use crate::error::{Error, Result};

/// The key under which the result of an instruction is kept.
///
/// It follows from three things: the key of the instruction before, the text
/// with its variables filled in, and what the instruction copies: each path
/// with its type, its permissions and its content. Times and owners are not
/// part of it, so a fresh clone of a repository finds what another one built.
///
/// # Errors
///
/// A file that cannot be read.
pub fn cache_key(parent: &str, instruction: &str, files: &[Selected]) -> Result<String> {
    // ANCHOR: cache_key
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::MetadataExt;

    let mut key = Key::new();
    key.add(parent.as_bytes());
    key.add(instruction.as_bytes());
    for file in files {
        let metadata = file.from.symlink_metadata().map_err(Error::io("read", &file.from))?;
        key.add(file.to.as_os_str().as_bytes());
        key.add(&metadata.mode().to_be_bytes());
        if metadata.is_symlink() {
            let target = fs::read_link(&file.from).map_err(Error::io("read", &file.from))?;
            key.add(target.as_os_str().as_bytes());
        } else if metadata.is_file() {
            key.add_file(&file.from).map_err(Error::io("read", &file.from))?;
        }
    }
    Ok(key.finish())
    // ANCHOR_END: cache_key
}

/// A hash over parts of any length.
pub struct Key(Sha256);

impl Key {
    #[expect(clippy::new_without_default, reason = "an empty key is no sensible default of anything")]
    pub fn new() -> Self {
        Self(Sha256::new())
    }

    /// Adds a part and its length, so that "ab", "c" differs from "a", "bc".
    pub fn add(&mut self, part: &[u8]) {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
    }

    /// Adds a file's bytes without holding them in memory.
    pub fn add_file(&mut self, path: &Path) -> io::Result<()> {
        let mut file = File::open(path)?;
        self.0.update(file.metadata()?.len().to_be_bytes());
        let mut buffer = vec![0; 1 << 16];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(()),
                count => self.0.update(&buffer[..count]),
            }
        }
    }

    /// The key in hexadecimal.
    pub fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What is kept under a key: when the instruction was carried out, and the
/// layer it made, if it changed files at all.
#[derive(Clone, Debug)]
pub struct Record {
    /// RFC 3339, as the image specification asks.
    pub created: String,
    pub layer: Option<Layer>,
}

impl Record {
    /// The record of `key`; `None` if there is none, or if its layer was pruned.
    pub fn find(store: &Store, key: &str) -> Result<Option<Self>> {
        let path = Self::path(store, key);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("read", &path)(error)),
        };
        // A record that is no longer understood is as good as none.
        let Some(record) = serde_json::from_slice(&text).ok().and_then(|value| Self::from_json(&value)) else {
            return Ok(None);
        };
        let stored = match &record.layer {
            Some(layer) => store.has(&images::Digest::try_from(layer.descriptor.digest())?),
            None => true,
        };
        Ok(stored.then_some(record))
    }

    /// Keeps the record: its name appears when it is complete, and not before.
    pub fn keep(&self, store: &Store, key: &str) -> Result<()> {
        let path = Self::path(store, key);
        let directory = store.root().join("cache");
        fs::create_dir_all(&directory).map_err(Error::io("create", &directory))?;
        let (temporary, mut file) = store.temporary_file()?;
        file.write_all(self.to_json().to_string().as_bytes()).map_err(Error::io("write", &path))?;
        Ok(temporary.persist(&path).map_err(images::Error::from)?)
    }

    /// Removes the records whose layer is no longer in the store, and says how many.
    pub fn prune(store: &Store) -> Result<u64> {
        let directory = store.root().join("cache");
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(Error::io("list", &directory)(error)),
        };
        let mut removed = 0;
        for entry in entries {
            let path = entry.map_err(Error::io("list", &directory))?.path();
            let key = path.file_stem().unwrap_or_default().to_string_lossy();
            if Self::find(store, &key)?.is_none() {
                fs::remove_file(&path).map_err(Error::io("remove", &path))?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn path(store: &Store, key: &str) -> PathBuf {
        store.root().join("cache").join(format!("{key}.json"))
    }

    fn to_json(&self) -> Value {
        let layer = self.layer.as_ref();
        let layer = layer.map(|layer| json!({ "descriptor": layer.descriptor, "diff_id": layer.diff_id.to_string() }));
        json!({ "created": self.created, "layer": layer })
    }

    fn from_json(value: &Value) -> Option<Self> {
        let created = value.get("created")?.as_str()?.to_owned();
        let layer = match value.get("layer")? {
            Value::Null => None,
            layer => Some(Layer {
                descriptor: serde_json::from_value(layer.get("descriptor")?.clone()).ok()?,
                diff_id: layer.get("diff_id")?.as_str()?.parse().ok()?,
            }),
        };
        Some(Self { created, layer })
    }
}
