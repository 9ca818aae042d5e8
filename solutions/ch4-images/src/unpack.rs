//! A layer becomes a directory.

use std::io::Read;
use std::path::Path;

use crate::Result;

/// Unpacks a layer's archive into `target`, and never outside it.
///
/// Whiteouts become the marks that overlayfs understands, so that `target` can
/// be stacked on other layers: `.wh.NAME` a character device 0, 0, and
/// `.wh..wh..opq` an attribute of its directory (image-spec, layer.md,
/// "Whiteouts"). Other names that begin with `.wh..wh.` are passed over.
///
/// Directories get their attributes last: making a file in one changes its
/// time, and its mode may forbid it.
///
/// # Errors
/// `Refused` for a name that leads outside, `TooLarge` if the archive has more
/// than `limit` bytes, `Malformed` or `Unsupported` for other archives. What was
/// unpacked so far is left to the caller to remove.
pub fn unpack(archive: &mut dyn Read, target: &Path, limit: u64) -> Result<()> {
    // ANCHOR: unpack
    use crate::digest::Limited;
    use crate::entry::Node;
    use crate::error::At;
    use crate::root::Root;
    use crate::tarball::TarReader;
    use crate::tree::{OPAQUE, WHITEOUT};

    let root = Root::open(target)?;
    let mut layer = TarReader::new(Limited::new(archive, limit));
    let mut directories = Vec::new();
    while let Some(entry) = layer.next_entry()? {
        let place = root.place(&entry.name)?;
        let marker = place.name.to_str().and_then(|name| name.strip_prefix(WHITEOUT));
        match (&entry.node, marker) {
            (_, Some(_)) if place.name == OPAQUE => root.place(&entry.name.with_file_name("."))?.make_opaque()?,
            (_, Some(hidden)) if hidden.starts_with(WHITEOUT) => {}
            (_, Some(hidden)) => root.place(&entry.name.with_file_name(hidden))?.make_whiteout()?,
            (Node::Directory, _) => place.make_directory()?,
            (Node::File(_), _) => {
                std::io::copy(&mut layer, &mut place.make_file()?).at("unpack", &entry.name)?;
            }
            (Node::Symlink(to), _) => place.make_symlink(to)?,
            (Node::HardLink(first), _) => place.make_hard_link(&root.place(first)?)?,
            (node, _) => place.make_node(node)?,
        }
        match (&entry.node, marker) {
            (_, Some(_)) | (Node::HardLink(_), _) => {}
            (Node::Directory, _) => directories.push(entry),
            _ => place.set_attributes(&entry)?,
        }
    }
    for entry in directories.iter().rev() {
        root.place(&entry.name)?.set_attributes(entry)?;
    }
    layer.finish()
    // ANCHOR_END: unpack
}
