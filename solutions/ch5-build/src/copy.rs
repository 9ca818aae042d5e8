//! Step 7: make a layer out of files.

use std::path::Path;

use archive::Entry;
use builder::{Result, Selected, Target};

/// Lists the entries of the layer that a COPY makes; nothing is written yet.
///
/// The target is a directory if it was written with a slash, if the contents of a
/// directory are copied, or if the image has a directory there. Then each file goes into
/// it; else the one file gets the target's name.
///
/// `root` is the image so far, and it is only looked at. A link on the way to the target is
/// followed as the container would follow it ([`builder::resolve_parent`]), and for a
/// directory so is the last one ([`builder::resolve_beneath`]). A directory that the image
/// has keeps its owner and permissions; those that are missing on the way are made
/// ([`builder::LayerEntries`]).
///
/// Files belong to 0:0, carry no extended attributes, and keep their permissions and the
/// time of their last change, unless `target` says otherwise. Directories get time 0: the
/// same files give the same layer, whenever they were cloned.
///
/// # Errors
/// Several files for a target that `is not a directory`.
pub fn copy(root: &Path, selected: &[Selected], target: &Target) -> Result<Vec<Entry>> {
    // ANCHOR: copy
    use archive::EntryKind;
    use builder::{LayerEntries, resolve_beneath, resolve_parent};
    use dockerfile::Diagnostic;
    use std::path::PathBuf;

    let contents = selected.iter().any(|file| file.to.as_os_str().is_empty());
    let into = target.is_directory || contents || resolve_beneath(root, &target.path)?.is_dir();
    if !into && selected.len() > 1 {
        let word = target.path.display().to_string();
        let message = format!("'{word}' is not a directory, but {} files are copied there", selected.len());
        return Err(Diagnostic::new(&word, message).suggest("end the target with a slash").into());
    }
    let mut entries = LayerEntries::new(root);
    for file in selected {
        // A socket: no archive can hold it.
        let Some(mut entry) = Entry::of(&file.from, PathBuf::new())? else { continue };
        let path = if into { target.path.join(&file.to) } else { target.path.clone() };
        let is_directory = entry.kind == EntryKind::Directory;
        let place = if is_directory { resolve_beneath(root, &path)? } else { resolve_parent(root, &path)? };
        if is_directory && place.is_dir() {
            entries.add_directory(&place)?;
            continue;
        }
        entries.add_directory(place.parent().unwrap_or(root))?;
        if !target.keep_owner {
            (entry.uid, entry.gid) = (0, 0);
            entry.xattrs.clear();
        }
        (entry.uid, entry.gid) = target.owner.unwrap_or((entry.uid, entry.gid));
        entry.mode = target.mode.unwrap_or(entry.mode);
        if is_directory {
            entry.mtime = (0, 0);
        }
        entries.insert(&place, entry);
    }
    Ok(entries.into_vec())
    // ANCHOR_END: copy
}
