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
    let _ = (&layers, &upper, &work, &target); // what you have to work with
    todo!("ch4 step 7: stack layers into one root")
    // ANCHOR_END: mount
}
