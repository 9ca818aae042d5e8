//! Opening what is to be mounted on, where an image may have put links.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat2};
use nix::mount::MsFlags;
use nix::sys::statvfs::{FsFlags, fstatvfs};
use sys::{Context, Result};

/// Opens a path as a mount point, and follows no link on the way; `None` if it does
/// not exist.
///
/// # Errors
/// `ELOOP` for a link, also one of the kernel's own, such as `/proc/self/root`.
pub fn open_path(path: &Path) -> Result<Option<OwnedFd>> {
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    match openat2(AT_FDCWD, path, how) {
        Ok(file) => Ok(Some(file)),
        Err(Errno::ENOENT | Errno::ENOTDIR) => Ok(None),
        Err(errno) => Err(errno).context("open", path),
    }
}

/// The name under which `/proc` has an open file: a path that nobody can change.
pub fn fd_path(file: &OwnedFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// The flags of a mount that a user namespace may not take off: mount_namespaces(7).
///
/// # Errors
/// fstatvfs(3).
pub fn locked_flags(file: &OwnedFd) -> Result<MsFlags> {
    let held = fstatvfs(file).call("fstatvfs")?.flags();
    let pairs = [
        (FsFlags::ST_NOSUID, MsFlags::MS_NOSUID),
        (FsFlags::ST_NODEV, MsFlags::MS_NODEV),
        (FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
        (FsFlags::ST_NOATIME, MsFlags::MS_NOATIME),
        (FsFlags::ST_NODIRATIME, MsFlags::MS_NODIRATIME),
        (FsFlags::ST_RELATIME, MsFlags::MS_RELATIME),
    ];
    Ok(pairs.iter().filter(|(seen, _)| held.contains(*seen)).map(|(_, flag)| *flag).collect())
}
