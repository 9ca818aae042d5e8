//! Files that appear under their name whole, or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Context, Result};

/// A file or directory that is removed when dropped, unless it was persisted. A process
/// that is killed leaves it behind.
#[derive(Debug)]
pub struct Temporary {
    path: PathBuf,
    persisted: bool,
}

impl Temporary {
    /// Makes an empty file in `parent`, of mode 0644, and opens it to write and read.
    ///
    /// # Errors
    /// Those of open(2).
    pub fn file(parent: &Path) -> Result<(Self, File)> {
        Self::file_with_mode(parent, 0o644)
    }

    fn file_with_mode(parent: &Path, mode: u32) -> Result<(Self, File)> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(mode);
        Self::create(parent, |path| options.open(path))
    }

    /// Makes an empty directory in `parent`, of mode 0755 as an image's root has it.
    ///
    /// # Errors
    /// Those of mkdir(2).
    pub fn directory(parent: &Path) -> Result<Self> {
        // Set apart from making it, because mkdir would apply the user's umask.
        let make = |path: &Path| {
            DirBuilder::new().mode(0o700).create(path)?;
            fs::set_permissions(path, Permissions::from_mode(0o755))
        };
        let (temporary, ()) = Self::create(parent, make)?;
        Ok(temporary)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves it to `path` on the same file system, in one step: rename(2) is atomic.
    /// Then the directory is synced, so that the new name survives a power cut.
    ///
    /// # Errors
    /// Those of rename(2) and fsync(2). Nothing is left at the temporary path.
    pub fn persist(mut self, path: &Path) -> Result<()> {
        fs::rename(&self.path, path).context("rename a temporary file to", path)?;
        self.persisted = true;
        sync_parent(path)
    }

    /// Process ids repeat, also among pid namespaces, so a name that exists is skipped.
    fn create<T>(parent: &Path, make: impl Fn(&Path) -> io::Result<T>) -> Result<(Self, T)> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!("{}-{number}", std::process::id()));
            match make(&path) {
                Ok(made) => return Ok((Self { path, persisted: false }, made)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).context("create", &path),
            }
        }
    }
}

impl Drop for Temporary {
    /// A failure to remove it is not reported: the owner of `parent` removes leftovers.
    fn drop(&mut self) {
        if !self.persisted {
            let _ = fs::remove_file(&self.path).or_else(|_| fs::remove_dir_all(&self.path));
        }
    }
}

/// Replaces the file at `path` by `bytes`: a reader sees the old content or the new one,
/// never a part. It has `mode` from its first byte on, and its bytes are on the disk
/// before it gets its name.
///
/// # Errors
/// Those of open(2), write(2), fsync(2) and rename(2).
pub fn replace_file(path: &Path, mode: u32, bytes: &[u8]) -> Result<()> {
    replace_file_from(parent(path), path, mode, bytes)
}

/// As [`replace_file`], with the temporary file in a directory of its own: what a killed
/// process leaves there is easily found. It must be on the file system of `path`.
///
/// # Errors
/// As [`replace_file`].
pub fn replace_file_from(directory: &Path, path: &Path, mode: u32, bytes: &[u8]) -> Result<()> {
    let (temporary, mut file) = Temporary::file_with_mode(directory, mode)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).context("write", temporary.path())?;
    temporary.persist(path)
}

/// Syncs the directory that holds `path`: fsync(2) of a file does not promise that its
/// name is on the disk.
///
/// # Errors
/// Those of open(2) and fsync(2).
pub fn sync_parent(path: &Path) -> Result<()> {
    let parent = parent(path);
    File::open(parent).and_then(|directory| directory.sync_all()).context("sync", parent)
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_keeps_its_mode() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.json");
        fs::write(&path, "old").unwrap();
        replace_file(&path, 0o600, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        drop(Temporary::file(directory.path()).unwrap());
        drop(Temporary::directory(directory.path()).unwrap());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing temporary is left");
    }
}
