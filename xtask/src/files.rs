//! Files and directories: listing, fingerprints, writing, links.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Every file below `directory`, by its path relative to it, sorted.
pub fn list(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(relative) = open.pop() {
        let path = directory.join(&relative);
        for entry in fs::read_dir(&path).map_err(Error::file("read", &path))? {
            let entry = entry.map_err(Error::file("read", &path))?;
            let name = relative.join(entry.file_name());
            if entry.path().is_dir() { open.push(name) } else { found.push(name) }
        }
    }
    found.sort();
    Ok(found)
}

/// The text of a file.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(Error::file("read", path))
}

/// The text of a file, or nothing if there is no such file.
pub fn read_if_present(path: &Path) -> Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        result => result.map_err(Error::file("read", path)),
    }
}

/// Writes a file whole: a reader sees the old text or the new one, never half of it. A file
/// that already has this content keeps its time, so that nothing is compiled again for it.
pub fn write(path: &Path, text: impl AsRef<[u8]>) -> Result<()> {
    let text = text.as_ref();
    if fs::read(path).is_ok_and(|present| present == text) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        create_dir(parent)?;
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    fs::write(&temporary, text).map_err(Error::file("write", &temporary))?;
    fs::rename(&temporary, path).map_err(Error::file("write", path))
}

/// Creates a directory and those above it.
pub fn create_dir(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(Error::file("create", path))
}

/// Copies every file below `from` to the same place below `to`.
pub fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    for file in list(from)? {
        let (source, destination) = (from.join(&file), to.join(&file));
        create_dir(destination.parent().unwrap_or(to))?;
        fs::copy(&source, &destination).map_err(Error::file("copy", &source))?;
    }
    Ok(())
}

/// Removes a file, a link or a directory; one that is not there is fine.
pub fn remove(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(data) if data.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    };
    removed.map_err(Error::file("remove", path))
}

/// Makes `path` a symbolic link to `target`, replacing whatever was there.
pub fn link(target: &Path, path: &Path) -> Result<()> {
    if fs::read_link(path).is_ok_and(|present| present == target) {
        return Ok(());
    }
    remove(path)?;
    symlink(target, path).map_err(Error::file("link", path))
}

/// A number that changes when a file below `directory` changes.
///
/// It answers "is this what was graded?" and is not a defense against an attacker.
pub fn fingerprint(directory: &Path) -> Result<String> {
    let mut hash = FNV_START;
    for file in list(directory)? {
        let path = directory.join(&file);
        hash = mix(hash, file.as_os_str().as_encoded_bytes());
        hash = mix(hash, &fs::read(&path).map_err(Error::file("read", &path))?);
    }
    Ok(format!("{hash:016x}"))
}

/// The same for one file, whatever its name.
pub fn fingerprint_of(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(Error::file("read", path))?;
    Ok(format!("{:016x}", mix(FNV_START, &bytes)))
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a with 64 bits. The zero ends a part, so that "ab" "c" and "a" "bc" differ.
fn mix(hash: u64, bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().chain(&[0]).fold(hash, step)
}
