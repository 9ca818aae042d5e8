//! How a layer says that files of lower layers are gone, and how overlayfs does.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Marks a file of a lower layer as gone (image-spec, layer.md, "Whiteouts").
pub const WHITEOUT_PREFIX: &str = ".wh.";

/// Marks everything that lower layers have in this directory as gone.
pub const OPAQUE_WHITEOUT: &str = ".wh..wh..opq";

/// Where overlayfs notes, by the value `y`, that a directory is opaque: the first as
/// root of the machine, the second when mounted with `userxattr`.
pub const OPAQUE_XATTRS: [&str; 2] = ["trusted.overlay.opaque", "user.overlay.opaque"];

/// The name that a whiteout's file name hides; `None` for other files.
pub fn whiteout_target(file_name: &OsStr) -> Option<&OsStr> {
    file_name.as_bytes().strip_prefix(WHITEOUT_PREFIX.as_bytes()).map(OsStr::from_bytes)
}
