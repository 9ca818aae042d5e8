//! The registry's files, below one directory:
//!
//! ```text
//! blobs/<hex>                        bytes, named by their SHA-256
//! uploads/<id>                       a blob that is still arriving
//! repositories/<name>/_blobs/<hex>       empty: the repository has the blob
//! repositories/<name>/_manifests/<hex>   the manifest's media type
//! repositories/<name>/_tags/<tag>        the digest that the tag points to
//! ```
//! No part of a repository's name begins with `_`, so names never collide.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::random::random;

pub struct Storage {
    root: PathBuf,
}

impl Storage {
    pub fn open(root: &Path) -> io::Result<Self> {
        for directory in ["blobs", "uploads", "repositories"] {
            fs::create_dir_all(root.join(directory))?;
        }
        Ok(Self { root: root.to_owned() })
    }

    pub fn blob_path(&self, digest: &str) -> PathBuf {
        self.root.join("blobs").join(digest.trim_start_matches("sha256:"))
    }

    fn link_path(&self, name: &str, kind: &str, key: &str) -> PathBuf {
        self.root.join("repositories").join(name).join(kind).join(key.trim_start_matches("sha256:"))
    }

    /// Records that a repository has a blob, a manifest or a tag.
    pub fn link(&self, name: &str, kind: &str, key: &str, text: &str) -> io::Result<()> {
        let path = self.link_path(name, kind, key);
        fs::create_dir_all(path.with_file_name(""))?;
        let temporary = self.root.join("uploads").join(random()?);
        fs::write(&temporary, text)?;
        fs::rename(temporary, path)
    }

    /// What [`Storage::link`] recorded.
    pub fn linked(&self, name: &str, kind: &str, key: &str) -> io::Result<Option<String>> {
        if_there(fs::read_to_string(self.link_path(name, kind, key)))
    }

    /// Removes the record; false if there was none.
    pub fn unlink(&self, name: &str, kind: &str, key: &str) -> io::Result<bool> {
        Ok(if_there(fs::remove_file(self.link_path(name, kind, key)))?.is_some())
    }

    /// A blob's bytes and their number.
    pub fn read(&self, digest: &str) -> io::Result<(File, u64)> {
        let file = File::open(self.blob_path(digest))?;
        let length = file.metadata()?.len();
        Ok((file, length))
    }

    pub fn begin_upload(&self) -> io::Result<String> {
        let id = random()?;
        File::create(self.root.join("uploads").join(&id))?;
        Ok(id)
    }

    /// How many bytes have arrived; `None` if there is no such upload.
    pub fn upload_size(&self, id: &str) -> io::Result<Option<u64>> {
        Ok(if_there(fs::metadata(self.root.join("uploads").join(id)))?.map(|metadata| metadata.len()))
    }

    pub fn append(&self, id: &str, bytes: &mut dyn Read) -> io::Result<u64> {
        let mut file = OpenOptions::new().append(true).open(self.root.join("uploads").join(id))?;
        io::copy(bytes, &mut file)?;
        file.stream_position()
    }

    pub fn cancel_upload(&self, id: &str) -> io::Result<()> {
        fs::remove_file(self.root.join("uploads").join(id))
    }

    pub fn digest_of_upload(&self, id: &str) -> io::Result<String> {
        sha256(&mut File::open(self.root.join("uploads").join(id))?)
    }

    /// Makes an upload a blob if its bytes have that digest, and drops it if not.
    pub fn finish_upload(&self, id: &str, digest: &str) -> io::Result<bool> {
        let upload = self.root.join("uploads").join(id);
        let matches = self.digest_of_upload(id)? == digest;
        if matches {
            fs::rename(upload, self.blob_path(digest))?;
        } else {
            fs::remove_file(upload)?;
        }
        Ok(matches)
    }

    /// Stores bytes that are already in memory as a blob, and returns their digest.
    pub fn store(&self, bytes: &[u8]) -> io::Result<String> {
        let digest = sha256(&mut &*bytes)?;
        let upload = self.root.join("uploads").join(self.begin_upload()?);
        File::create(&upload)?.write_all(bytes)?;
        fs::rename(upload, self.blob_path(&digest))?;
        Ok(digest)
    }

    /// The tags of a repository, sorted; `None` if it has no manifest at all.
    pub fn tags(&self, name: &str) -> io::Result<Option<Vec<String>>> {
        let base = self.root.join("repositories").join(name);
        if !base.join("_manifests").is_dir() {
            return Ok(None);
        }
        Ok(Some(names_in(&base.join("_tags"))?))
    }

    /// The names of all repositories, sorted.
    pub fn repositories(&self) -> io::Result<Vec<String>> {
        let base = self.root.join("repositories");
        let (mut found, mut open) = (Vec::new(), vec![String::new()]);
        while let Some(name) = open.pop() {
            for child in names_in(&base.join(&name))? {
                if child == "_manifests" {
                    found.push(name.clone());
                } else if !child.starts_with('_') {
                    open.push(if name.is_empty() { child } else { format!("{name}/{child}") });
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

fn names_in(directory: &Path) -> io::Result<Vec<String>> {
    let Some(entries) = if_there(fs::read_dir(directory))? else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn if_there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub fn sha256(reader: &mut dyn Read) -> io::Result<String> {
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 64 * 1024]);
    loop {
        let count = reader.read(&mut buffer)?;
        if count == 0 {
            let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            return Ok(format!("sha256:{hex}"));
        }
        hash.update(&buffer[..count]);
    }
}
