//! Step 6: carry out a COPY.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use archive::{Entry, EntryKind};

use crate::context::{Selected, beneath};
use crate::error::{Error, Problem, Result};

/// Where the files of a COPY go, and as whose.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// The absolute path in the image.
    pub path: PathBuf,
    /// Whether it was written with a slash at its end: then it is a directory.
    pub is_directory: bool,
    /// `--chown`; without it files of the context belong to 0:0.
    pub owner: Option<(u32, u32)>,
    /// `--chmod`; without it files keep their permissions.
    pub mode: Option<u32>,
    /// Files of another stage keep their owner unless `owner` is given.
    pub keep_owner: bool,
}

/// The entries of the layer that a COPY makes; nothing is written yet.
///
/// `root` is the image so far, and it is only looked at: a link on the way to
/// the target is followed as the container would follow it, a directory that is
/// there already keeps its owner and permissions, and one that is not is made as
/// root's with mode 0755. Files keep the time of their last change, directories
/// get time 0: the same files give the same layer, whenever they were cloned.
/// Extended attributes come along with `keep_owner` only.
///
/// # Errors
///
/// Several files for a target that `is no directory`.
pub fn copy(root: &Path, selected: &[Selected], target: &Target) -> Result<Vec<Entry>> {
    // ANCHOR: copy
    let mut entries = BTreeMap::new();
    let place = beneath(root, &target.path).map_err(Error::io("find", &target.path))?;
    let whole_directory = selected.iter().any(|file| file.to == Path::new(""));
    let into = target.is_directory || whole_directory || place.is_dir();
    if !into && selected.len() > 1 {
        let word = target.path.display().to_string();
        return Err(Problem::new(
            &word,
            format!("'{word}' is no directory, but {} files are copied there", selected.len()),
        )
        .suggest("end the target with a slash")
        .into());
    }
    for file in selected {
        let path = if into { target.path.join(&file.to) } else { target.path.clone() };
        let mut entry = match Entry::of(&file.from, PathBuf::new())? {
            Some(entry) => entry,
            // A socket: no archive can hold it.
            None => continue,
        };
        let Some(name) = name_in(root, &path, &entry.kind, &mut entries)? else { continue };
        if !target.keep_owner {
            (entry.uid, entry.gid) = (0, 0);
            entry.xattrs.clear();
        }
        (entry.uid, entry.gid) = target.owner.unwrap_or((entry.uid, entry.gid));
        entry.mode = target.mode.unwrap_or(entry.mode);
        if entry.kind == EntryKind::Directory {
            entry.mtime = (0, 0);
        }
        // Two names of one file are two files in the image.
        entries.insert(name.clone(), Entry { name, inode: None, ..entry });
    }
    Ok(entries.into_values().collect())
    // ANCHOR_END: copy
}

/// The name of a path in the layer, with links on the way followed; the
/// directories on the way are added to the entries. `None` for a directory that
/// the image has already: that one is added as it is.
pub fn name_in(
    root: &Path,
    path: &Path,
    kind: &EntryKind,
    entries: &mut BTreeMap<PathBuf, Entry>,
) -> Result<Option<PathBuf>> {
    let find = |path: &Path| beneath(root, path).map_err(Error::io("find", path));
    let parent = find(path.parent().unwrap_or(Path::new("/")))?;
    let mut place = path.file_name().map_or_else(|| parent.clone(), |name| parent.join(name));
    if *kind == EntryKind::Directory && find(path)?.is_dir() {
        place = find(path)?;
    }
    if place == root {
        return Ok(None);
    }
    for directory in place.ancestors().skip(1).take_while(|directory| *directory != root) {
        add_directory(root, directory, entries)?;
    }
    let name = place.strip_prefix(root).unwrap_or(&place).to_owned();
    if *kind != EntryKind::Directory || !place.is_dir() {
        return Ok(Some(name));
    }
    add_directory(root, &place, entries)?;
    Ok(None)
}

/// Adds a directory: as it is in the image, or a new one.
pub fn add_directory(root: &Path, directory: &Path, entries: &mut BTreeMap<PathBuf, Entry>) -> Result<()> {
    let name = directory.strip_prefix(root).unwrap_or(directory).to_owned();
    if entries.contains_key(&name) {
        return Ok(());
    }
    let there = if directory.is_dir() { Entry::of(directory, name.clone())? } else { None };
    let new = || Entry { kind: EntryKind::Directory, mode: 0o755, ..Entry::empty(name.clone()) };
    let entry = there.unwrap_or_else(new);
    entries.insert(name, entry);
    Ok(())
}

/// The entries that make a directory, if the image does not have it: WORKDIR.
pub fn directory(root: &Path, path: &Path) -> Result<Vec<Entry>> {
    let place = beneath(root, path).map_err(Error::io("find", path))?;
    let mut entries = BTreeMap::new();
    if !place.is_dir() {
        for directory in place.ancestors().take_while(|directory| *directory != root) {
            add_directory(root, directory, &mut entries)?;
        }
    }
    Ok(entries.into_values().collect())
}

/// `--chmod`: octal digits.
pub fn mode(text: &str) -> std::result::Result<u32, Problem> {
    match u32::from_str_radix(text, 8) {
        Ok(mode) if mode <= 0o7777 => Ok(mode),
        _ => Err(Problem::new(text, format!("'{text}' is no mode")).suggest("write octal digits, such as 0755")),
    }
}

/// Somebody whom the image's passwd(5) and group(5) know, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    pub uid: u32,
    /// The group that was asked for: `user:group`.
    pub group: Option<u32>,
    /// The user's own group, if the user has a line in the file.
    pub own_group: Option<u32>,
}

/// The numbers of `user` or `user:group`. The image's own files are read as
/// text: the C library would read the host's.
pub fn owner(root: &Path, text: &str) -> std::result::Result<Owner, Problem> {
    let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
    let field = |file, name: &str, number: usize| -> Option<u32> {
        let path = beneath(root, Path::new(file)).ok()?;
        let text = std::fs::read_to_string(path).ok()?;
        text.lines().find(|line| line.split(':').next() == Some(name))?.split(':').nth(number)?.parse().ok()
    };
    let unknown = |name: &str, file| {
        Problem::new(name, format!("'{name}' is not in the image's {file}"))
            .suggest("add it in a RUN, or write its number")
    };
    let uid = user.parse().ok().or_else(|| field("etc/passwd", user, 2)).ok_or_else(|| unknown(user, "/etc/passwd"))?;
    let find_group = |name: &str| {
        name.parse().ok().or_else(|| field("etc/group", name, 2)).ok_or_else(|| unknown(name, "/etc/group"))
    };
    Ok(Owner { uid, group: group.map(find_group).transpose()?, own_group: field("etc/passwd", user, 3) })
}
