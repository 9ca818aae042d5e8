//! A path inside the container, while it is still a directory of the host.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::{Mode, SFlag, mkdirat, mknodat, stat};
use nix::sys::statvfs::{FsFlags, fstatvfs};
use sys::{Context, Result};

/// What a mount point has to be.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Directory,
    File,
}

/// Where something is mounted.
pub struct MountTarget<'a> {
    pub rootfs: &'a Path,
    /// Absolute, as the container sees it.
    pub path: &'a Path,
}

impl MountTarget<'_> {
    /// Opens the path, and makes what is missing of it.
    ///
    /// An image can hold any link, such as `/dev -> /`. So links are resolved as the
    /// container would, and the path is then walked one name at a time without following
    /// a link: it cannot leave the root.
    pub fn open(&self, kind: Kind) -> Result<OwnedFd> {
        let resolved = sys::resolve(self.rootfs, self.path)?.path;
        let names: Vec<_> = resolved.iter().skip(1).collect();
        let flags = OFlag::O_PATH | OFlag::O_CLOEXEC;
        let mut here = open(self.rootfs, flags, Mode::empty()).context("open", self.rootfs)?;
        for (index, name) in names.iter().enumerate() {
            let made = if index + 1 == names.len() && kind == Kind::File {
                mknodat(&here, *name, SFlag::S_IFREG, Mode::from_bits_truncate(0o644), 0)
            } else {
                mkdirat(&here, *name, Mode::from_bits_truncate(0o755))
            };
            match made {
                // A read-only root may still have the directory.
                Ok(()) | Err(Errno::EEXIST | Errno::EROFS) => {}
                failed => failed.context("mkdir", self.path)?,
            }
            here = openat(&here, *name, flags | OFlag::O_NOFOLLOW, Mode::empty()).context("open", self.path)?;
        }
        Ok(here)
    }

    /// Mounts a new file system of this type.
    pub fn mount(&self, fs_type: &'static str, flags: MsFlags, options: &str) -> Result<()> {
        let target = self.open(Kind::Directory)?;
        mount(Some(fs_type), &proc_path(&target), Some(fs_type), flags, Some(options)).context("mount", self.path)
    }

    /// Shows a file or directory of the host here.
    pub fn bind(&self, source: &Path) -> Result<()> {
        let mode = stat(source).context("stat", source)?.st_mode;
        let is_directory = mode & SFlag::S_IFMT.bits() == SFlag::S_IFDIR.bits();
        let target = self.open(if is_directory { Kind::Directory } else { Kind::File })?;
        let flags = MsFlags::MS_BIND | MsFlags::MS_REC;
        mount(Some(source), &proc_path(&target), None::<&str>, flags, None::<&str>).context("mount", source)
    }

    /// Makes the mount read-only. What is mounted further down stays as it is.
    pub fn remount_read_only(&self) -> Result<()> {
        // Opened again, because only now does the path lead to the mount on top.
        let target = self.open(Kind::Directory)?;
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
        let flags = flags | locked_flags(fstatvfs(&target).context("statvfs", self.path)?.flags());
        mount(None::<&str>, &proc_path(&target), None::<&str>, flags, None::<&str>).context("mount", self.path)
    }
}

/// The path under which /proc has an open file: nobody can change where it leads.
fn proc_path(file: &OwnedFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// The flags that a user namespace may not take off a mount that it got as a copy.
fn locked_flags(flags: FsFlags) -> MsFlags {
    let pairs = [
        (FsFlags::ST_NOSUID, MsFlags::MS_NOSUID),
        (FsFlags::ST_NODEV, MsFlags::MS_NODEV),
        (FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
        (FsFlags::ST_NOATIME, MsFlags::MS_NOATIME),
        (FsFlags::ST_NODIRATIME, MsFlags::MS_NODIRATIME),
        (FsFlags::ST_RELATIME, MsFlags::MS_RELATIME),
    ];
    pairs.iter().filter(|(present, _)| flags.contains(*present)).map(|(_, locked)| *locked).collect()
}
