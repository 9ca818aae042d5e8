//! Directories as lists of entries: a whole tree, or what a container changed.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::entry::{Entry, Node};
use crate::error::At;

/// Marks a file of a lower layer as gone (image-spec, layer.md, "Whiteouts").
pub const WHITEOUT: &str = ".wh.";
/// Marks everything that lower layers have in this directory as gone.
pub const OPAQUE: &str = ".wh..wh..opq";
/// Where overlayfs notes that a directory is opaque: the first as root of the
/// machine, the second when mounted with `userxattr`.
pub const OPAQUE_XATTRS: [&str; 2] = ["trusted.overlay.opaque", "user.overlay.opaque"];

/// Everything below `directory`, in the order the file system gives it. The
/// directory itself is not part of it.
pub fn files(directory: &Path) -> Result<Vec<Entry>> {
    let mut found = Vec::new();
    visit(directory, Path::new(""), &mut found)?;
    Ok(found)
}

/// What an overlay's upper directory says was changed, with whiteouts as a
/// layer writes them.
///
/// overlayfs marks a removed file by a character device 0, 0 of its name, and
/// a directory that hides the ones below it by an attribute.
pub fn changes(upper: &Path) -> Result<Vec<Entry>> {
    let mut entries = files(upper)?;
    let mut marks = Vec::new();
    for entry in &mut entries {
        if entry.node == Node::Character(0, 0) {
            *entry = Entry::empty(whiteout_of(&entry.name));
        } else if entry.node == Node::Directory && is_opaque(&upper.join(&entry.name))? {
            marks.push(Entry::empty(entry.name.join(OPAQUE)));
        }
    }
    entries.append(&mut marks);
    Ok(entries)
}

/// The name that a whiteout's file name hides; `None` for other files.
pub fn hidden_by(file_name: &OsStr) -> Option<&OsStr> {
    file_name.as_bytes().strip_prefix(WHITEOUT.as_bytes()).map(OsStr::from_bytes)
}

fn visit(directory: &Path, name: &Path, found: &mut Vec<Entry>) -> Result<()> {
    for item in fs::read_dir(directory).at("list", directory)? {
        let item = item.at("list", directory)?;
        let (path, name) = (item.path(), name.join(item.file_name()));
        let Some(entry) = Entry::of(&path, name.clone())? else { continue };
        let is_directory = entry.node == Node::Directory;
        found.push(entry);
        if is_directory {
            visit(&path, &name, found)?;
        }
    }
    Ok(())
}

fn whiteout_of(name: &Path) -> PathBuf {
    let mut file_name = OsString::from(WHITEOUT);
    file_name.push(name.file_name().unwrap_or_default());
    name.with_file_name(file_name)
}

fn is_opaque(directory: &Path) -> Result<bool> {
    for name in OPAQUE_XATTRS {
        match xattr::get(directory, name) {
            Ok(value) if value.as_deref() == Some(b"y") => return Ok(true),
            // Without the right to see an attribute there is none, as for overlayfs.
            Ok(_) => {}
            Err(error) if matches!(error.raw_os_error(), Some(nix::libc::EOPNOTSUPP | nix::libc::EPERM)) => {}
            Err(error) => return Err(error).at("read an attribute of", directory),
        }
    }
    Ok(false)
}
