//! Layers become one root file system.

use std::path::{Path, PathBuf};

use crate::Result;

/// Stacks unpacked layers, lowest first, at `target`: the overlay mount of
/// mount(2). What is changed there is written to `upper`; the layers stay as
/// they are, so that any number of mounts can share them. `work` is the
/// kernel's own, empty, on the same file system as `upper`.
///
/// overlayfs wants the top layer first. Its options must fit into a page, which
/// sixty layers' paths do not; so each directory is opened and named by its
/// descriptor, `/proc/self/fd/9`, which also lets a path hold `:` and `,`. In a
/// user namespace ([`crate::root::in_user_namespace`]) `userxattr` makes it keep its
/// notes in attributes that a user may set (Documentation/filesystems/overlayfs.rst).
///
/// # Errors
/// `LayerCount` for no layers, and for more than a page of options can name.
pub fn mount(layers: &[PathBuf], upper: &Path, work: &Path, target: &Path) -> Result<()> {
    // ANCHOR: mount
    use crate::Error;
    use crate::error::At;
    use crate::root::in_user_namespace;
    use nix::mount::MsFlags;
    use std::fs::File;
    use std::os::fd::AsRawFd;

    let mut open = Vec::new();
    for directory in layers.iter().rev().map(PathBuf::as_path).chain([upper, work]) {
        open.push(File::open(directory).at("open", directory)?);
    }
    let names: Vec<String> = open.iter().map(|file| format!("/proc/self/fd/{}", file.as_raw_fd())).collect();
    let lower = names[..layers.len()].join(":");
    let [.., upper_name, work_name] = names.as_slice() else { return Err(Error::LayerCount(0)) };
    let mut options = format!("lowerdir={lower},upperdir={upper_name},workdir={work_name}");
    if in_user_namespace()? {
        options.push_str(",userxattr");
    }
    if layers.is_empty() || options.len() >= 4096 {
        return Err(Error::LayerCount(layers.len()));
    }
    nix::mount::mount(Some("overlay"), target, Some("overlay"), MsFlags::empty(), Some(options.as_str()))
        .at("mount an overlay at", target)
    // ANCHOR_END: mount
}
