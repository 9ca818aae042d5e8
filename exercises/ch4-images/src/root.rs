//! A directory that names cannot lead out of.
//!
//! Checking a name's text is not enough: a link that an earlier entry made may
//! stand in its way. So the kernel resolves every name, beneath the root, and
//! everything is then done relative to the descriptor that it gave.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{
    FchmodatFlags, FileStat, Mode, SFlag, UtimensatFlags, fchmodat, fstatat, makedev, mkdirat, mknodat, utimensat,
};
use nix::sys::time::TimeSpec;
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchownat, linkat, mkfifoat, symlinkat, unlinkat};

use crate::entry::{Entry, Node, travels};
use crate::error::At;
use crate::tree::{OPAQUE, OPAQUE_XATTRS, hidden_by};
use crate::{Error, Result};

/// An open directory beneath which a layer is unpacked.
pub struct Root {
    pub directory: OwnedFd,
    /// Whether owners, devices and attributes can be set: as root of the
    /// machine, not as root of a user namespace.
    privileged: bool,
}

/// A name whose directory is open: nothing on the way can be swapped any more.
pub struct Place {
    pub directory: OwnedFd,
    /// The last part of the name; `.` is the root itself.
    pub name: OsString,
    privileged: bool,
}

impl Root {
    /// Opens the directory; the one path that is trusted.
    pub fn open(path: &Path) -> Result<Self> {
        let directory = File::open(path).at("open", path)?.into();
        Ok(Self { directory, privileged: nix::unistd::geteuid().is_root() && !in_user_namespace()? })
    }

    /// Finds where `name` belongs, beneath the root, and makes the directories
    /// on the way that the layer does not list.
    ///
    /// openat2(2) with `RESOLVE_BENEATH` refuses, with `EXDEV`, a path that
    /// leaves the root: an absolute one, `..`, or a symbolic link of either
    /// kind. `RESOLVE_NO_MAGICLINKS` refuses the links of `/proc`, with `ELOOP`.
    /// `EAGAIN` asks for another try: while `..` was looked at, something was
    /// renamed or mounted, and the kernel could not tell where it leads.
    ///
    /// # Errors
    /// `Refused` for a name that leads out of the root or has no last part.
    pub fn place(&self, name: &Path) -> Result<Place> {
        // ANCHOR: place
        let _ = &name; // what you have to work with
        todo!("ch4 step 4: find a name's place, and never outside the root")
        // ANCHOR_END: place
    }

    /// Does what a whiteout says, and tells whether `name` is one.
    ///
    /// `.wh.NAME` becomes a character device 0, 0 called NAME, and
    /// `.wh..wh..opq` an attribute of its directory (image-spec, layer.md,
    /// "Whiteouts"). Other names that begin with `.wh..wh.` are old notes of
    /// aufs, and are passed over.
    pub fn apply_whiteout(&self, name: &Path) -> Result<bool> {
        let file_name = name.file_name().unwrap_or_default();
        let Some(hidden) = hidden_by(file_name) else { return Ok(false) };
        if file_name == OPAQUE {
            // Placing the marker makes its directory, if the layer did not list it.
            self.place_in(self.place(name)?.directory, ".").make_opaque()?;
        } else if hidden.is_empty() || hidden == "." {
            return Err(Error::Refused { name: name.display().to_string(), why: "it hides nothing" });
        } else if hidden_by(hidden).is_none() {
            self.place(&name.with_file_name(hidden))?.make_whiteout()?;
        }
        Ok(true)
    }

    /// A place in an open directory.
    pub fn place_in(&self, directory: OwnedFd, name: impl Into<OsString>) -> Place {
        Place { directory, name: name.into(), privileged: self.privileged }
    }
}

impl Place {
    /// What is there now, without following a symbolic link.
    pub fn look(&self) -> Result<Option<FileStat>> {
        match fstatat(&self.directory, self.name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(status) => Ok(Some(status)),
            Err(Errno::ENOENT) => Ok(None),
            Err(errno) => Err(errno).at("look at", self.path()),
        }
    }

    /// Removes what is there, a directory with all it holds.
    pub fn clear(&self) -> Result<()> {
        let path = self.path();
        match self.look()? {
            None => Ok(()),
            // The path goes through the descriptor, and remove_dir_all follows no link.
            Some(status) if is(&status, SFlag::S_IFDIR) => fs::remove_dir_all(self.proc_path()).at("remove", path),
            Some(_) => unlinkat(&self.directory, path, UnlinkatFlags::NoRemoveDir).at("remove", path),
        }
    }

    /// Makes a directory, or keeps the one that is there. One that takes the
    /// place of a whiteout hides what lower layers have in it.
    pub fn make_directory(&self) -> Result<()> {
        let before = self.look()?;
        if before.is_some_and(|status| is(&status, SFlag::S_IFDIR)) {
            return Ok(());
        }
        self.clear()?;
        let mode = Mode::from_bits_truncate(0o755);
        mkdirat(&self.directory, self.path(), mode).at("make directory", self.path())?;
        // The user's umask has no say in an image.
        fchmodat(&self.directory, self.path(), mode, FchmodatFlags::FollowSymlink).at("chmod", self.path())?;
        if before.is_some_and(|status| is_whiteout(&status)) { self.make_opaque() } else { Ok(()) }
    }

    /// Makes a file, in place of what is there, and opens it for writing.
    pub fn make_file(&self) -> Result<File> {
        self.clear()?;
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        openat(&self.directory, self.path(), flags, Mode::from_bits_truncate(0o600))
            .map(File::from)
            .at("create", self.path())
    }

    /// Makes a symbolic link, in place of what is there. Where it leads is the
    /// container's business.
    pub fn make_symlink(&self, target: &Path) -> Result<()> {
        self.clear()?;
        symlinkat(target, &self.directory, self.path()).at("link", self.path())
    }

    /// Makes another name for the file at `first`, in place of what is there.
    pub fn make_hard_link(&self, first: &Place) -> Result<()> {
        self.clear()?;
        // Without AT_SYMLINK_FOLLOW a symbolic link is linked, not followed.
        linkat(&first.directory, first.path(), &self.directory, self.path(), AtFlags::empty())
            .at("make a hard link to", first.path())
    }

    /// Makes a device node or FIFO, in place of what is there. A user namespace
    /// may not make devices; there they are left out.
    pub fn make_node(&self, node: &Node) -> Result<()> {
        self.clear()?;
        let mode = Mode::from_bits_truncate(0o600);
        let (kind, device) = match *node {
            Node::Character(major, minor) => (SFlag::S_IFCHR, makedev(major, minor)),
            Node::Block(major, minor) => (SFlag::S_IFBLK, makedev(major, minor)),
            _ => return mkfifoat(&self.directory, self.path(), mode).at("make FIFO", self.path()),
        };
        let made = mknodat(&self.directory, self.path(), kind, mode, device);
        self.tolerate(made, &[Errno::EPERM]).at("make device", self.path())
    }

    /// Marks the name as removed from lower layers, unless this layer has it.
    ///
    /// The kernel's mark is a character device 0, 0, which anybody may make.
    /// A file of this layer hides lower ones anyway; a directory would show
    /// what they hold, so it becomes opaque.
    pub fn make_whiteout(&self) -> Result<()> {
        match self.look()? {
            Some(status) if is(&status, SFlag::S_IFDIR) => self.make_opaque(),
            Some(_) => Ok(()),
            None => {
                mknodat(&self.directory, self.path(), SFlag::S_IFCHR, Mode::empty(), 0).at("make whiteout", self.path())
            }
        }
    }

    /// Hides what lower layers have in the directory here.
    ///
    /// Both notes are tried: root's overlays read the one, a user's the other.
    pub fn make_opaque(&self) -> Result<()> {
        let path = self.proc_path();
        let results = OPAQUE_XATTRS.map(|name| xattr::set(&path, name, b"y"));
        match results {
            [Err(_), Err(error)] => Err(error).at("mark as opaque", self.path()),
            _ => Ok(()),
        }
    }

    /// Sets owner, mode, attributes and time, in this order: changing the owner
    /// clears set-uid and `security.capability`. Leaves alone what is no longer
    /// of the entry's kind.
    pub fn set_attributes(&self, entry: &Entry) -> Result<()> {
        let path = self.path();
        let is_directory = entry.node == Node::Directory;
        match self.look()? {
            Some(status) if is(&status, SFlag::S_IFDIR) == is_directory => {}
            // A later entry replaced it, or it is a device that could not be made.
            _ => return Ok(()),
        }
        let (uid, gid) = (Uid::from_raw(entry.uid), Gid::from_raw(entry.gid));
        let owned = fchownat(&self.directory, path, Some(uid), Some(gid), AtFlags::AT_SYMLINK_NOFOLLOW);
        // A user namespace that maps one id refuses the others: all stays its root's.
        self.tolerate(owned, &[Errno::EPERM, Errno::EINVAL]).at("change the owner of", path)?;
        if !matches!(entry.node, Node::Symlink(_)) {
            self.set_mode_and_xattrs(entry)?;
        }
        let time = TimeSpec::new(entry.mtime.0, entry.mtime.1.into());
        utimensat(&self.directory, path, &time, &time, UtimensatFlags::NoFollowSymlink).at("set the time of", path)
    }

    fn set_mode_and_xattrs(&self, entry: &Entry) -> Result<()> {
        // chmod(2) has no way not to follow; a descriptor of the file itself does.
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let file = openat(&self.directory, self.path(), flags, Mode::empty()).at("open", self.path())?;
        let file = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(entry.mode))
            .at("chmod", self.path())?;
        for (name, value) in entry.xattrs.iter().filter(|(name, _)| travels(name)) {
            let set = xattr::set_deref(&file, name, value)
                .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)));
            // Not every file system has attributes, nor a user the right to all.
            match set {
                Err(Errno::EOPNOTSUPP) => {}
                set => self.tolerate(set, &[Errno::EPERM]).at("set an attribute of", self.path())?,
            }
        }
        Ok(())
    }

    fn tolerate(&self, result: nix::Result<()>, errors: &[Errno]) -> nix::Result<()> {
        match result {
            Err(errno) if !self.privileged && errors.contains(&errno) => Ok(()),
            other => other,
        }
    }

    /// The name, for calls that take a directory beside it, and for messages.
    fn path(&self) -> &Path {
        Path::new(&self.name)
    }

    fn proc_path(&self) -> PathBuf {
        Path::new("/proc/self/fd").join(self.directory.as_raw_fd().to_string()).join(&self.name)
    }
}

fn is(status: &FileStat, kind: SFlag) -> bool {
    status.st_mode & SFlag::S_IFMT.bits() == kind.bits()
}

fn is_whiteout(status: &FileStat) -> bool {
    is(status, SFlag::S_IFCHR) && status.st_rdev == 0
}

/// Whether this process sees other user ids than the machine does
/// (user_namespaces(7)): the first one maps every id to itself.
pub fn in_user_namespace() -> Result<bool> {
    let path = Path::new("/proc/self/uid_map");
    let map = fs::read_to_string(path).at("read", path)?;
    let fields: Vec<&str> = map.split_whitespace().collect();
    Ok(fields != ["0", "0", "4294967295"])
}
