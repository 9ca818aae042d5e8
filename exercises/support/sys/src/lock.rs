//! Locks between processes: flock(2).

use std::fs::File;
use std::io;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use crate::{Context, Error, Result};

/// Locks a file, which is made if it is missing. The lock is held until it is dropped,
/// and the kernel releases it when its process ends, however it ends.
///
/// # Errors
/// Those of open(2) and flock(2).
pub fn lock(path: &Path, how: FlockArg) -> Result<Flock<File>> {
    Flock::lock(open(path)?, how).map_err(|(_, errno)| errno).context("flock", path)
}

/// Locks a file if nobody else holds the lock now, else gives `None`.
///
/// # Errors
/// As [`lock`].
pub fn try_lock(path: &Path, how: FlockArg) -> Result<Option<Flock<File>>> {
    let how = match how {
        FlockArg::LockShared => FlockArg::LockSharedNonblock,
        FlockArg::LockExclusive => FlockArg::LockExclusiveNonblock,
        other => other,
    };
    match Flock::lock(open(path)?, how) {
        Ok(lock) => Ok(Some(lock)),
        Err((_, Errno::EWOULDBLOCK)) => Ok(None),
        Err((_, errno)) => Err(Error::at("flock", path, errno)),
    }
}

/// `flock` needs no write access, so a file that is there is opened to read only: one
/// that another user owns can be locked too.
fn open(path: &Path) -> Result<File> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            File::options().read(true).write(true).create(true).truncate(false).open(path)
        }
        opened => opened,
    };
    file.context("open", path)
}
