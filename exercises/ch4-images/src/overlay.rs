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
    let _ = (&layers, &upper, &work, &target); // what you have to work with
    todo!("ch4 step 7: stack layers into one root")
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
    let _ = &upper; // what you have to work with
    todo!("ch4 step 8: tell what a container changed")
    // ANCHOR_END: changes
}
