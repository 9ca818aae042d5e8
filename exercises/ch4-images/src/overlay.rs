//! Layers become one root file system, and what was changed there becomes entries again.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use archive::{Entry, EntryKind, OPAQUE_WHITEOUT, OPAQUE_XATTRS, WHITEOUT_PREFIX, read_xattr};

use crate::Result;

/// Stacks unpacked layers, lowest first, at `target`: the overlay mount of
/// mount(2). What is changed there is written to `upper`; the layers stay as
/// they are, so that any number of mounts can share them. `work` is the
/// kernel's own, empty, on the same file system as `upper`.
///
/// overlayfs wants the top layer first. Its options must fit into a page, which
/// sixty layers' paths do not; so each directory is opened and named by its
/// descriptor, `/proc/self/fd/9`, which also lets a path hold `:` and `,`. In a
/// user namespace ([`sys::in_user_namespace`]) `userxattr` makes it keep its
/// notes in attributes that a user may set (Documentation/filesystems/overlayfs.rst).
///
/// # Errors
/// `LayerCount` for no layers, and for more than a page of options can name.
pub fn mount(layers: &[PathBuf], upper: &Path, work: &Path, target: &Path) -> Result<()> {
    // ANCHOR: mount
    let _ = (&layers, &upper, &work, &target); // what you have to work with
    todo!("ch4 step 7: stack layers into one root")
    // ANCHOR_END: mount
}

/// Lists what an overlay's upper directory says was changed, with whiteouts as a layer
/// writes them.
///
/// overlayfs marks a removed file by a character device 0, 0 of its name, and a directory
/// that hides the ones below it by an attribute.
///
/// # Errors
/// What reading the directory says.
pub fn changes(upper: &Path) -> Result<Vec<Entry>> {
    let mut entries = archive::files(upper)?;
    let mut marks = Vec::new();
    for entry in &mut entries {
        if entry.kind == EntryKind::Character(0, 0) {
            let mut file_name = OsString::from(WHITEOUT_PREFIX);
            file_name.push(entry.name.file_name().unwrap_or_default());
            *entry = Entry::empty(entry.name.with_file_name(file_name));
        } else if entry.kind == EntryKind::Directory {
            for name in OPAQUE_XATTRS {
                if read_xattr(&upper.join(&entry.name), name)?.as_deref() == Some(b"y") {
                    marks.push(Entry::empty(entry.name.join(OPAQUE_WHITEOUT)));
                }
            }
        }
    }
    entries.append(&mut marks);
    Ok(entries)
}
