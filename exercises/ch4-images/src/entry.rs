//! One file of a layer, whichever way it travels.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::Result;
use crate::error::At;

/// What is written in a layer about one file, and where its bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The path in the layer, relative to the root: `usr/bin/env`.
    pub name: PathBuf,
    pub node: Node,
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
pub enum Node {
    /// With its size in bytes.
    File(u64),
    Directory,
    /// The text of the link, which may lead anywhere: it is read by the
    /// container, not by us.
    Symlink(PathBuf),
    /// Another name in the same layer.
    HardLink(PathBuf),
    /// Major and minor number.
    Character(u64, u64),
    Block(u64, u64),
    Fifo,
}

impl Entry {
    /// An empty regular file of root's, as whiteouts are.
    pub fn empty(name: PathBuf) -> Self {
        Self {
            name,
            node: Node::File(0),
            mode: 0,
            uid: 0,
            gid: 0,
            mtime: (0, 0),
            xattrs: Vec::new(),
            source: None,
            inode: None,
        }
    }

    /// Describes a file of this machine, without following a symbolic link.
    /// `None` for a socket, which no archive can hold.
    pub fn of(path: &Path, name: PathBuf) -> Result<Option<Self>> {
        let metadata = fs::symlink_metadata(path).at("look at", path)?;
        let Some(node) = node(path, &metadata)? else { return Ok(None) };
        let several = metadata.nlink() > 1 && !metadata.is_dir();
        let has_xattrs = metadata.is_file() || metadata.is_dir();
        Ok(Some(Self {
            name,
            node,
            mode: metadata.mode() & 0o7777,
            uid: metadata.uid(),
            gid: metadata.gid(),
            mtime: (metadata.mtime(), 0),
            xattrs: if has_xattrs { xattrs(path)? } else { Vec::new() },
            source: Some(path.to_owned()),
            inode: several.then(|| (metadata.dev(), metadata.ino())),
        }))
    }

    /// Opens the bytes; `None` where an entry has none.
    pub fn open(&self) -> Result<Option<File>> {
        let (Node::File(_), Some(path)) = (&self.node, &self.source) else { return Ok(None) };
        // What was a file a moment ago may be a link or a FIFO by now.
        let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
        OpenOptions::new().read(true).custom_flags(flags).open(path).at("open", path).map(Some)
    }
}

fn node(path: &Path, metadata: &fs::Metadata) -> Result<Option<Node>> {
    use nix::sys::stat::{major, minor};
    let kind = metadata.file_type();
    let (major, minor) = (major(metadata.rdev()), minor(metadata.rdev()));
    Ok(Some(if kind.is_file() {
        Node::File(metadata.len())
    } else if kind.is_dir() {
        Node::Directory
    } else if kind.is_symlink() {
        Node::Symlink(fs::read_link(path).at("read the link", path)?)
    } else if kind.is_char_device() {
        Node::Character(major, minor)
    } else if kind.is_block_device() {
        Node::Block(major, minor)
    } else if kind.is_fifo() {
        Node::Fifo
    } else {
        return Ok(None);
    }))
}

/// Whether an attribute belongs in a layer.
///
/// `user.overlay.` and `trusted.overlay.` are overlayfs's own notes: a layer
/// that brought its own could make it look for files elsewhere. The others of
/// `trusted.` and `security.` belong to this machine.
pub fn travels(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name == b"security.capability" || (name.starts_with(b"user.") && !name.starts_with(b"user.overlay."))
}

/// Sorted, so that a layer's bytes do not depend on the file system's order.
fn xattrs(path: &Path) -> Result<Vec<(OsString, Vec<u8>)>> {
    let names = match xattr::list(path) {
        Ok(names) => names,
        // A file system without attributes has none to carry.
        Err(error) if error.kind() == std::io::ErrorKind::Unsupported => return Ok(Vec::new()),
        Err(error) => return Err(error).at("list the attributes of", path),
    };
    let mut found = Vec::new();
    for name in names.filter(|name| travels(name)) {
        if let Some(value) = xattr::get(path, &name).at("read an attribute of", path)? {
            found.push((name, value));
        }
    }
    found.sort();
    Ok(found)
}
