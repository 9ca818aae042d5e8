//! A layer becomes a directory.

use std::io::Read;
use std::path::Path;

use crate::Result;

/// Unpacks a layer's archive into `target`, and never outside it.
///
/// Whiteouts become the marks that overlayfs understands, so that `target` can
/// be stacked on other layers ([`crate::root::Root::apply_whiteout`]).
///
/// Directories get their attributes last: making a file in one changes its
/// time, and its mode may forbid it. A hard link gets none: it is another name of
/// a file that has them.
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

    let root = Root::open(target)?;
    let mut layer = TarReader::new(Limited::new(archive, limit));
    let mut directories = Vec::new();
    while let Some(entry) = layer.next_entry()? {
        if root.apply_whiteout(&entry.name)? {
            continue;
        }
        let place = root.place(&entry.name)?;
        match &entry.node {
            Node::Directory => place.make_directory()?,
            Node::File(_) => {
                std::io::copy(&mut layer, &mut place.make_file()?).at("unpack", &entry.name)?;
            }
            Node::Symlink(to) => place.make_symlink(to)?,
            Node::HardLink(first) => place.make_hard_link(&root.place(first)?)?,
            device => place.make_node(device)?,
        }
        match &entry.node {
            Node::Directory => directories.push(entry),
            // A hard link is another name of a file that has its attributes.
            Node::HardLink(_) => {}
            _ => place.set_attributes(&entry)?,
        }
    }
    for entry in directories.iter().rev() {
        root.place(&entry.name)?.set_attributes(entry)?;
    }
    layer.finish()
    // ANCHOR_END: unpack
}
