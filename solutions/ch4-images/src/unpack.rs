//! A layer becomes a directory.

use std::io::Read;
use std::path::Path;

use crate::Result;

/// Unpacks a layer's archive into `target`, and never outside it.
///
/// Whiteouts become the marks that overlayfs understands, so that `target` can be
/// stacked on other layers ([`archive::PathAt::apply_whiteout`]).
///
/// Directories get their attributes last: making a file in one changes its time, and its
/// mode may forbid it. A hard link gets none: it is another name of a file that has them.
///
/// # Errors
/// [`archive::Error`]: `Refused` for a name that leads outside, `TooLarge` if the archive
/// has more than `limit` bytes, `Malformed` or `Unsupported` for other archives. What was
/// unpacked so far is left to the caller to remove.
pub fn unpack(archive: &mut dyn Read, target: &Path, limit: u64) -> Result<()> {
    // ANCHOR: unpack
    use crate::resolve_beneath;
    use archive::{EntryKind, LimitedReader, TarReader};
    use std::fs::File;
    use sys::Context;

    let root = File::open(target).context("open", target)?;
    let mut layer = TarReader::new(LimitedReader::new(archive, limit));
    let mut directories = Vec::new();
    while let Some(entry) = layer.next_entry()? {
        let path = resolve_beneath(&root, &entry.name)?;
        if path.apply_whiteout()? {
            continue;
        }
        match &entry.kind {
            EntryKind::Directory => path.make_directory()?,
            EntryKind::File(_) => {
                std::io::copy(&mut layer, &mut path.make_file()?).context("unpack", &entry.name)?;
            }
            EntryKind::Symlink(to) => path.make_symlink(to)?,
            EntryKind::HardLink(first) => path.make_hard_link(&resolve_beneath(&root, first)?)?,
            device => path.make_node(device)?,
        }
        match &entry.kind {
            EntryKind::Directory => directories.push(entry),
            EntryKind::HardLink(_) => {}
            _ => path.set_attributes(&entry)?,
        }
    }
    for entry in directories.iter().rev() {
        resolve_beneath(&root, &entry.name)?.set_attributes(entry)?;
    }
    Ok(layer.finish()?)
    // ANCHOR_END: unpack
}
