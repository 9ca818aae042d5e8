//! Extended attributes (xattr(7)), as far as a layer may carry them.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use nix::libc::{EOPNOTSUPP, EPERM};
use sys::Context;

use crate::Result;

/// Whether an attribute belongs in a layer.
///
/// `user.overlay.` and `trusted.overlay.` are overlayfs's own notes: a layer that
/// brought its own could make it look for files elsewhere. The others of `trusted.`
/// and `security.` belong to this machine.
pub fn is_portable_xattr(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name == b"security.capability" || (name.starts_with(b"user.") && !name.starts_with(b"user.overlay."))
}

/// Reads the attributes that belong in a layer, sorted by name, so that a layer's bytes
/// do not depend on the file system's order.
pub fn portable_xattrs(path: &Path) -> Result<Vec<(OsString, Vec<u8>)>> {
    let names = match xattr::list(path) {
        Ok(names) => names,
        // A file system without attributes has none to carry.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(Vec::new()),
        Err(error) => return Err(error).context("llistxattr", path)?,
    };
    let mut found = Vec::new();
    for name in names.filter(|name| is_portable_xattr(name)) {
        if let Some(value) = xattr::get(path, &name).context("lgetxattr", path)? {
            found.push((name, value));
        }
    }
    found.sort();
    Ok(found)
}

/// Reads one attribute of a file, without following a symbolic link; `None` also where
/// the file system has no attributes, or this process may not see this one.
///
/// # Errors
/// What lgetxattr(2) says otherwise, such as `ENOENT` for a missing file.
pub fn read_xattr(path: &Path, name: &str) -> Result<Option<Vec<u8>>> {
    match xattr::get(path, name) {
        Err(error) if matches!(error.raw_os_error(), Some(EOPNOTSUPP | EPERM)) => Ok(None),
        value => Ok(value.context("lgetxattr", path)?),
    }
}
