//! Everything in the repository that is made from something else in it.
//!
//! | derived | from |
//! | --- | --- |
//! | `exercises/*/src` | `solutions/*/src` with the marked bodies taken out |
//! | `exercises/quotes` | `solutions/quotes` with an empty Dockerfile |
//! | `solutions/Cargo.toml` | `Cargo.toml` |
//! | `xtask/course/checks.txt` | the files of every chapter's checks |

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use course::{CHAPTERS, Chapter};

use crate::error::{Error, Result};
use crate::shipped;
use crate::starter;
use crate::tree::{Side, Tree, files};

/// The derived files by path, as they should be.
type Derived = BTreeMap<PathBuf, String>;

/// Writes every derived file that is not as it should be, and says which.
pub fn write(tree: &Tree) -> Result<Vec<PathBuf>> {
    let derived = derive(tree)?;
    let stale = stale(tree, &derived)?;
    for path in &stale {
        match derived.get(path) {
            Some(text) => put(path, text)?,
            None => fs::remove_file(path).map_err(Error::file("remove", path))?,
        }
    }
    Ok(stale)
}

/// Fails if a derived file is not as it should be.
pub fn check(tree: &Tree) -> Result<()> {
    let stale = stale(tree, &derive(tree)?)?;
    if stale.is_empty() {
        return Ok(());
    }
    Err(Error::Stale(stale.iter().map(|path| tree.short(path).to_owned()).collect()))
}

/// The starter of one chapter, by path below `exercises/chN-name/src`.
pub fn starter_of(tree: &Tree, chapter: &Chapter) -> Result<Derived> {
    let source = tree.chapter(Side::Reference, chapter).join("src");
    let destination = tree.chapter(Side::Mine, chapter).join("src");
    let mut derived = Derived::new();
    for file in files(&source)? {
        let path = source.join(&file);
        let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
        let starter = starter::make(chapter, &text)
            .map_err(|fault| Error::Failed(format!("{}: {fault}", tree.short(&path).display())))?;
        derived.insert(destination.join(file), starter);
    }
    Ok(derived)
}

fn derive(tree: &Tree) -> Result<Derived> {
    let mut derived = Derived::new();
    for chapter in CHAPTERS {
        derived.append(&mut starter_of(tree, chapter)?);
    }
    derived.append(&mut quotes(tree)?);
    let manifest = tree.manifest(Side::Mine);
    let text = fs::read_to_string(&manifest).map_err(Error::file("read", &manifest))?;
    derived.insert(tree.manifest(Side::Reference), solutions_manifest(&text));
    derived.insert(shipped::list_path(tree), shipped::list(tree)?);
    Ok(derived)
}

/// The application is the same in both trees, but for the learner's Dockerfile.
fn quotes(tree: &Tree) -> Result<Derived> {
    let source = tree.side(Side::Reference).join("quotes");
    let destination = tree.side(Side::Mine).join("quotes");
    let mut derived = Derived::new();
    for file in files(&source)? {
        let path = source.join(&file);
        let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
        let text = if file == Path::new("Dockerfile") { String::new() } else { text };
        derived.insert(destination.join(file), text);
    }
    Ok(derived)
}

/// Paths of the repository root, seen from `solutions/`, with the reference's version.
fn solutions_manifest(root: &str) -> String {
    let mut text = String::from("# Made from ../Cargo.toml by `cargo xtask sync`; edit that file instead.\n\n");
    let body = root.lines().skip_while(|line| *line != "[workspace]");
    for line in body {
        let member_of_root = line.trim_start().starts_with("\"xtask");
        // Cargo warns of a profile for a package that its workspace does not have.
        let profile_of_root = ["course.", "pages.", "probe.", "xtask."].iter().any(|name| line.starts_with(name));
        if member_of_root || profile_of_root || line.starts_with("default-members") {
            continue;
        }
        let line = if line == "version = \"0.1.0\"" { "version = \"1.0.0\"" } else { line };
        text.push_str(&line.replace("\"exercises/", "\"").replace("\"xtask/", "\"../xtask/"));
        text.push('\n');
    }
    text
}

/// Derived files that differ or are missing, and files in derived directories
/// that nothing derives any more.
fn stale(tree: &Tree, derived: &Derived) -> Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    for (path, text) in derived {
        if fs::read_to_string(path).ok().as_ref() != Some(text) {
            stale.push(path.clone());
        }
    }
    let mut directories: Vec<PathBuf> =
        CHAPTERS.iter().map(|chapter| tree.chapter(Side::Mine, chapter).join("src")).collect();
    directories.push(tree.side(Side::Mine).join("quotes"));
    for directory in directories.iter().filter(|directory| directory.is_dir()) {
        stale.extend(
            files(directory)?.into_iter().map(|file| directory.join(file)).filter(|path| !derived.contains_key(path)),
        );
    }
    Ok(stale)
}

/// Writes a file whole: a reader sees the old text or the new, never half. A file
/// that is right already keeps its time, so that nothing is built again for it.
pub fn put(path: &Path, text: impl AsRef<[u8]>) -> Result<()> {
    let text = text.as_ref();
    if fs::read(path).is_ok_and(|present| present == text) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(Error::file("create", parent))?;
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".new");
    let temporary = PathBuf::from(temporary);
    fs::write(&temporary, text).map_err(Error::file("write", &temporary))?;
    fs::rename(&temporary, path).map_err(Error::file("write", path))
}
