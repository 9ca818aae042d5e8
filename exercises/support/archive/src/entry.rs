//! One file of a layer, however it travels.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::libc::{O_NOFOLLOW, O_NONBLOCK};
use nix::sys::stat::{major, minor};
use sys::Context;

use crate::Result;
use crate::xattrs::portable_xattrs;

/// What a layer says about one file, and where the file's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The path in the layer, relative to the root: `usr/bin/env`.
    pub name: PathBuf,
    pub kind: EntryKind,
    /// Permission bits with set-uid, set-gid and sticky: at most 0o7777.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// Seconds since 1970, and nanoseconds. A layer made here has whole seconds.
    pub mtime: (i64, u32),
    /// Extended attributes by name, such as `security.capability`.
    pub xattrs: Vec<(OsString, Vec<u8>)>,
    /// The file on this machine that holds the bytes, when packing.
    pub source: Option<PathBuf>,
    /// Device and inode of a file with several names, when packing.
    pub inode: Option<(u64, u64)>,
}

/// The kinds of file that a layer can hold (image-spec, layer.md, "File Types").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// With its size in bytes.
    File(u64),
    Directory,
    /// The text of the link, which may lead anywhere: only the container follows it.
    Symlink(PathBuf),
    /// Another name in the same layer.
    HardLink(PathBuf),
    /// Major and minor number.
    Character(u64, u64),
    /// Major and minor number.
    Block(u64, u64),
    Fifo,
}

impl Entry {
    /// An empty regular file of mode 0 that belongs to root, as whiteouts are.
    pub fn empty(name: PathBuf) -> Self {
        Self {
            name,
            kind: EntryKind::File(0),
            mode: 0,
            uid: 0,
            gid: 0,
            mtime: (0, 0),
            xattrs: Vec::new(),
            source: None,
            inode: None,
        }
    }

    /// Describes the file at `path`, without following a symbolic link; `None` for a
    /// socket, which no archive can hold.
    ///
    /// # Errors
    /// What lstat(2), readlink(2) and getxattr(2) say, such as `ENOENT`.
    pub fn of(path: &Path, name: PathBuf) -> Result<Option<Self>> {
        let metadata = fs::symlink_metadata(path).context("lstat", path)?;
        let Some(kind) = kind_of(path, &metadata)? else { return Ok(None) };
        let has_several_names = metadata.nlink() > 1 && !metadata.is_dir();
        let has_xattrs = metadata.is_file() || metadata.is_dir();
        Ok(Some(Self {
            name,
            kind,
            mode: metadata.mode() & 0o7777,
            uid: metadata.uid(),
            gid: metadata.gid(),
            mtime: (metadata.mtime(), 0),
            xattrs: if has_xattrs { portable_xattrs(path)? } else { Vec::new() },
            source: Some(path.to_owned()),
            inode: has_several_names.then(|| (metadata.dev(), metadata.ino())),
        }))
    }

    /// Opens the file with the bytes; `None` where an entry has none.
    ///
    /// # Errors
    /// What open(2) says; `ELOOP` if a symbolic link has taken the file's place.
    pub fn open(&self) -> Result<Option<File>> {
        let (EntryKind::File(_), Some(path)) = (&self.kind, &self.source) else { return Ok(None) };
        // What was a file a moment ago may be a link or a FIFO by now.
        let file = OpenOptions::new().read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(path);
        Ok(Some(file.context("open", path)?))
    }
}

fn kind_of(path: &Path, metadata: &fs::Metadata) -> Result<Option<EntryKind>> {
    let kind = metadata.file_type();
    let (major, minor) = (major(metadata.rdev()), minor(metadata.rdev()));
    Ok(Some(if kind.is_file() {
        EntryKind::File(metadata.len())
    } else if kind.is_dir() {
        EntryKind::Directory
    } else if kind.is_symlink() {
        EntryKind::Symlink(fs::read_link(path).context("readlink", path)?)
    } else if kind.is_char_device() {
        EntryKind::Character(major, minor)
    } else if kind.is_block_device() {
        EntryKind::Block(major, minor)
    } else if kind.is_fifo() {
        EntryKind::Fifo
    } else {
        return Ok(None);
    }))
}
