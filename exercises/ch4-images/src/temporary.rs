//! Files and directories that vanish unless they are kept.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Result;
use crate::error::At;

/// A path below the store's `tmp/`, removed when dropped. A process that is
/// killed leaves it behind; `collect` removes it then.
#[derive(Debug)]
pub struct Temporary {
    path: PathBuf,
    kept: bool,
}

impl Temporary {
    /// A new empty file, open for writing and reading.
    pub fn file(parent: &Path) -> Result<(Self, File)> {
        Self::create(parent, |path| OpenOptions::new().read(true).write(true).create_new(true).open(path))
    }

    /// A new empty directory of mode 0755, as an image's root has.
    pub fn directory(parent: &Path) -> Result<Self> {
        let mode = || fs::Permissions::from_mode(0o755);
        // Set apart from making it: the user's umask has no say in an image.
        let make = |path: &Path| fs::create_dir(path).and_then(|()| fs::set_permissions(path, mode()));
        let (temporary, ()) = Self::create(parent, make)?;
        Ok(temporary)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves it to where it is to stay, in one step: rename(2) is atomic. Then
    /// the directory is written out, so that the new name survives a power cut.
    pub fn keep(mut self, path: &Path) -> Result<()> {
        fs::rename(&self.path, path).at("rename a temporary file to", path)?;
        self.kept = true;
        sync_parent(path)
    }

    /// Process ids repeat, also among pid namespaces, so a name that exists is
    /// passed over.
    fn create<T>(parent: &Path, make: impl Fn(&Path) -> io::Result<T>) -> Result<(Self, T)> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!("{}-{number}", std::process::id()));
            match make(&path) {
                Ok(made) => return Ok((Self { path, kept: false }, made)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).at("create", &path),
            }
        }
    }
}

impl Drop for Temporary {
    /// Nothing can be done here about a failure; `collect` tries again.
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.path).or_else(|_| fs::remove_dir_all(&self.path));
        }
    }
}

/// Writes out the directory that holds `path`: fsync(2) of a file does not
/// promise that its name is on the disk.
pub fn sync_parent(path: &Path) -> Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    File::open(parent).and_then(|directory| directory.sync_all()).at("sync", parent)
}
