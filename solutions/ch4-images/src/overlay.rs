//! Layers become one root file system, and what was changed there becomes entries again.

use std::path::{Path, PathBuf};

use archive::Entry;

use crate::Result;

/// Stacks unpacked layers, lowest first, at `target`: an overlay mount (mount(2)).
///
/// What is changed there is written to `upper`. The layers stay as they are, so any number
/// of mounts can share them. `work` is for the kernel alone: an empty directory on the file
/// system of `upper`. overlayfs wants the top layer first.
///
/// The options must fit into a page, 4096 bytes, and the paths of sixty layers do not. So
/// each directory is opened and named by its descriptor, `/proc/self/fd/9`, which also lets
/// a path hold `:` and `,`. In a user namespace ([`sys::in_user_namespace`]) the option
/// `userxattr` makes overlayfs keep its notes in attributes that a user may set
/// (Documentation/filesystems/overlayfs.rst).
///
/// # Errors
/// `LayerCount` for no layers, and for more than a page of options can name. `EPERM`
/// outside a mount namespace of your own, `EINVAL` for two file systems.
pub fn mount(layers: &[PathBuf], upper: &Path, work: &Path, target: &Path) -> Result<()> {
    // ANCHOR: mount
    use crate::Error;
    use nix::mount::MsFlags;
    use std::fs::File;
    use std::os::fd::AsRawFd;
    use sys::Context;

    let mut open = Vec::new();
    for directory in layers.iter().rev().map(PathBuf::as_path).chain([upper, work]) {
        open.push(File::open(directory).context("open", directory)?);
    }
    let names: Vec<String> = open.iter().map(|file| format!("/proc/self/fd/{}", file.as_raw_fd())).collect();
    let lower = names[..layers.len()].join(":");
    let [.., upper_name, work_name] = names.as_slice() else { return Err(Error::LayerCount(0)) };
    let mut options = format!("lowerdir={lower},upperdir={upper_name},workdir={work_name}");
    if sys::in_user_namespace()? {
        options.push_str(",userxattr");
    }
    if layers.is_empty() || options.len() >= 4096 {
        return Err(Error::LayerCount(layers.len()));
    }
    Ok(nix::mount::mount(Some("overlay"), target, Some("overlay"), MsFlags::empty(), Some(options.as_str()))
        .context("mount", target)?)
    // ANCHOR_END: mount
}

/// Lists what was changed in an overlay, as a layer has it: the way back from the
/// directory `upper` to entries.
///
/// The kernel and the specification write the same in different ways (overlayfs.rst,
/// "whiteouts and opaque directories"; image-spec, layer.md, "Whiteouts"):
///
/// | what happened | in `upper` | in the layer, all empty files |
/// | --- | --- | --- |
/// | NAME was removed | NAME is a character device 0, 0 | `.wh.NAME`, and no NAME |
/// | a directory was replaced | it has one of [`archive::OPAQUE_XATTRS`], with the value `y` | `.wh..wh..opq` in it |
///
/// Everything else is an entry as [`archive::files`] gives it. Root's overlays have the one
/// attribute, those with `userxattr` the other; a directory may have both.
///
/// # Errors
/// What reading the directory and its attributes says, such as `EACCES`.
pub fn changes(upper: &Path) -> Result<Vec<Entry>> {
    // ANCHOR: changes
    use archive::{EntryKind, OPAQUE_WHITEOUT, OPAQUE_XATTRS, WHITEOUT_PREFIX, read_xattr};
    use std::ffi::OsString;

    let mut changes = Vec::new();
    for entry in archive::files(upper)? {
        if entry.kind == EntryKind::Character(0, 0) {
            let mut file_name = OsString::from(WHITEOUT_PREFIX);
            file_name.push(entry.name.file_name().unwrap_or_default());
            changes.push(Entry::empty(entry.name.with_file_name(file_name)));
            continue;
        }
        if entry.kind == EntryKind::Directory {
            let directory = upper.join(&entry.name);
            for attribute in OPAQUE_XATTRS {
                if read_xattr(&directory, attribute)?.as_deref() == Some(b"y") {
                    changes.push(Entry::empty(entry.name.join(OPAQUE_WHITEOUT)));
                    break;
                }
            }
        }
        changes.push(entry);
    }
    Ok(changes)
    // ANCHOR_END: changes
}
