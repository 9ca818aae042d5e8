//! A file's name in an open directory: the two arguments of every `*at` system call.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{
    FchmodatFlags, FileStat, Mode, SFlag, UtimensatFlags, fchmodat, fstatat, makedev, mkdirat, mknodat, utimensat,
};
use nix::sys::time::TimeSpec;
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchownat, geteuid, linkat, mkfifoat, symlinkat, unlinkat};
use sys::Context;

use crate::whiteout::{OPAQUE_WHITEOUT, OPAQUE_XATTRS, whiteout_target};
use crate::xattrs::is_portable_xattr;
use crate::{Entry, EntryKind, Error, Result};

/// A name whose directory is open, so that nothing on the way to it can be swapped any
/// more. No method follows a symbolic link at the name.
///
/// The methods that make a file put it in the place of what is there. Their errors are
/// those of the system call that they name, such as `ENOSPC` and `EROFS`.
pub struct PathAt {
    directory: OwnedFd,
    /// The last part of the name; `.` is the directory itself.
    name: OsString,
}

impl PathAt {
    /// The file `name` in `directory`. The name must be one part, without a slash.
    pub fn new(directory: OwnedFd, name: impl Into<OsString>) -> Self {
        Self { directory, name: name.into() }
    }

    /// The directory's path at this moment, with the name after it.
    ///
    /// # Errors
    /// What readlink(2) says of `/proc/self/fd`.
    pub fn to_path(&self) -> Result<PathBuf> {
        let link = Path::new("/proc/self/fd").join(self.directory.as_raw_fd().to_string());
        Ok(fs::read_link(&link).context("readlink", &link)?.join(&self.name))
    }

    /// Makes a directory of mode 0755, or keeps the one that is there. One that takes
    /// the place of a whiteout hides what lower layers have in it.
    pub fn make_directory(&self) -> Result<()> {
        let before = self.stat()?;
        if before.is_some_and(|status| is(&status, SFlag::S_IFDIR)) {
            return Ok(());
        }
        self.remove()?;
        let mode = Mode::from_bits_truncate(0o755);
        mkdirat(&self.directory, self.path(), mode).context("mkdir", self.path())?;
        // The user's umask has no say in an image.
        fchmodat(&self.directory, self.path(), mode, FchmodatFlags::FollowSymlink).context("chmod", self.path())?;
        if before.is_some_and(|status| is_whiteout(&status)) { self.make_opaque() } else { Ok(()) }
    }

    /// Makes an empty file and opens it for writing.
    pub fn make_file(&self) -> Result<File> {
        self.remove()?;
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let file = openat(&self.directory, self.path(), flags, Mode::from_bits_truncate(0o600));
        Ok(file.context("create", self.path())?.into())
    }

    /// Makes a symbolic link. Where it leads is the container's business.
    pub fn make_symlink(&self, target: &Path) -> Result<()> {
        self.remove()?;
        Ok(symlinkat(target, &self.directory, self.path()).context("symlink", self.path())?)
    }

    /// Makes another name for the file `first`.
    pub fn make_hard_link(&self, first: &Self) -> Result<()> {
        self.remove()?;
        // Without AT_SYMLINK_FOLLOW a symbolic link is linked, not followed.
        let linked = linkat(&first.directory, first.path(), &self.directory, self.path(), AtFlags::empty());
        Ok(linked.context("link", first.path())?)
    }

    /// Makes a device node or FIFO. A user namespace may not make devices; there they
    /// are left out.
    pub fn make_node(&self, kind: &EntryKind) -> Result<()> {
        self.remove()?;
        let mode = Mode::from_bits_truncate(0o600);
        let (kind, device) = match *kind {
            EntryKind::Character(major, minor) => (SFlag::S_IFCHR, makedev(major, minor)),
            EntryKind::Block(major, minor) => (SFlag::S_IFBLK, makedev(major, minor)),
            _ => return Ok(mkfifoat(&self.directory, self.path(), mode).context("mkfifo", self.path())?),
        };
        let made = mknodat(&self.directory, self.path(), kind, mode, device);
        Ok(ignore_if_unprivileged(made, &[Errno::EPERM])?.context("mknod", self.path())?)
    }

    /// Sets owner, mode, attributes and time, in this order: a change of the owner
    /// clears set-uid and `security.capability`. Leaves alone what is no longer of the
    /// entry's kind.
    pub fn set_attributes(&self, entry: &Entry) -> Result<()> {
        let path = self.path();
        let is_directory = entry.kind == EntryKind::Directory;
        match self.stat()? {
            Some(status) if is(&status, SFlag::S_IFDIR) == is_directory => {}
            // A later entry replaced it, or it is a device that could not be made.
            _ => return Ok(()),
        }
        let (uid, gid) = (Uid::from_raw(entry.uid), Gid::from_raw(entry.gid));
        let owned = fchownat(&self.directory, path, Some(uid), Some(gid), AtFlags::AT_SYMLINK_NOFOLLOW);
        // A user namespace that maps one id refuses the others: all stays its root's.
        ignore_if_unprivileged(owned, &[Errno::EPERM, Errno::EINVAL])?.context("chown", path)?;
        if !matches!(entry.kind, EntryKind::Symlink(_)) {
            let mode = Mode::from_bits_truncate(entry.mode);
            fchmodat(&self.directory, path, mode, FchmodatFlags::NoFollowSymlink).context("chmod", path)?;
            self.set_xattrs(entry)?;
        }
        let time = TimeSpec::new(entry.mtime.0, entry.mtime.1.into());
        let set = utimensat(&self.directory, path, &time, &time, UtimensatFlags::NoFollowSymlink);
        Ok(set.context("utimensat", path)?)
    }

    /// Does what a whiteout says, and returns whether the name is one.
    ///
    /// `.wh.NAME` becomes a character device 0, 0 called NAME, and `.wh..wh..opq` an
    /// attribute of its directory (image-spec, layer.md, "Whiteouts"). Other names
    /// that begin with `.wh..wh.` are notes of aufs, which nobody needs any more.
    ///
    /// # Errors
    /// [`Error::Refused`] for a whiteout that hides `.`, `..` or nothing.
    pub fn apply_whiteout(&self) -> Result<bool> {
        let Some(hidden) = whiteout_target(&self.name) else { return Ok(false) };
        if self.name == OPAQUE_WHITEOUT {
            self.sibling(".")?.make_opaque()?;
        } else if hidden.is_empty() || hidden == "." || hidden == ".." {
            let name = self.path().display().to_string();
            return Err(Error::Refused { name, why: "it hides nothing" });
        } else if whiteout_target(hidden).is_none() {
            self.sibling(hidden)?.make_whiteout()?;
        }
        Ok(true)
    }

    /// Marks the name as removed from lower layers, unless this layer has it.
    ///
    /// The kernel's mark is a character device 0, 0, which anybody may make. A file of
    /// this layer hides lower ones anyway; a directory would show what they hold, so it
    /// becomes opaque.
    fn make_whiteout(&self) -> Result<()> {
        match self.stat()? {
            Some(status) if is(&status, SFlag::S_IFDIR) => self.make_opaque(),
            Some(_) => Ok(()),
            None => {
                let made = mknodat(&self.directory, self.path(), SFlag::S_IFCHR, Mode::empty(), 0);
                Ok(made.context("mknod", self.path())?)
            }
        }
    }

    /// Hides what lower layers have in the directory here. Both notes are tried: root's
    /// overlays read the one, a user's the other.
    fn make_opaque(&self) -> Result<()> {
        match OPAQUE_XATTRS.map(|name| xattr::set(self.proc_path(), name, b"y")) {
            [Err(_), Err(error)] => Err(error).context("setxattr", self.path())?,
            _ => Ok(()),
        }
    }

    fn set_xattrs(&self, entry: &Entry) -> Result<()> {
        for (name, value) in entry.xattrs.iter().filter(|(name, _)| is_portable_xattr(name)) {
            let set = xattr::set(self.proc_path(), name, value);
            // Not every file system has attributes, nor a user the right to all.
            match set.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0))) {
                Err(Errno::EOPNOTSUPP) => {}
                set => ignore_if_unprivileged(set, &[Errno::EPERM])?.context("setxattr", self.path())?,
            }
        }
        Ok(())
    }

    /// What is at the name now.
    fn stat(&self) -> Result<Option<FileStat>> {
        match fstatat(&self.directory, self.path(), AtFlags::AT_SYMLINK_NOFOLLOW) {
            Err(Errno::ENOENT) => Ok(None),
            status => Ok(Some(status.context("stat", self.path())?)),
        }
    }

    /// Removes what is at the name, a directory with all it holds.
    fn remove(&self) -> Result<()> {
        match self.stat()? {
            None => Ok(()),
            // The path goes through the descriptor, and remove_dir_all follows no link.
            Some(status) if is(&status, SFlag::S_IFDIR) => {
                Ok(fs::remove_dir_all(self.proc_path()).context("remove", self.path())?)
            }
            Some(_) => {
                let removed = unlinkat(&self.directory, self.path(), UnlinkatFlags::NoRemoveDir);
                Ok(removed.context("unlink", self.path())?)
            }
        }
    }

    /// Another name in the same directory.
    fn sibling(&self, name: impl AsRef<OsStr>) -> Result<Self> {
        Ok(Self::new(self.directory.try_clone().call("dup")?, name.as_ref()))
    }

    /// The path by which this process reaches the name: `/proc/self/fd/7/name`.
    fn proc_path(&self) -> PathBuf {
        Path::new("/proc/self/fd").join(self.directory.as_raw_fd().to_string()).join(&self.name)
    }

    /// The name, for calls that take a directory beside it, and for messages.
    fn path(&self) -> &Path {
        Path::new(&self.name)
    }
}

fn is(status: &FileStat, kind: SFlag) -> bool {
    status.st_mode & SFlag::S_IFMT.bits() == kind.bits()
}

fn is_whiteout(status: &FileStat) -> bool {
    is(status, SFlag::S_IFCHR) && status.st_rdev == 0
}

/// Takes one of `errors` for success where owners, devices and attributes cannot be
/// set: as anyone but root of the machine.
fn ignore_if_unprivileged(result: nix::Result<()>, errors: &[Errno]) -> Result<nix::Result<()>> {
    match result {
        Err(errno) if errors.contains(&errno) && (!geteuid().is_root() || sys::in_user_namespace()?) => Ok(Ok(())),
        result => Ok(result),
    }
}
