//! The checks as they were shipped: `xtask/course/checks.txt` has a fingerprint of
//! every file of every chapter's checks, written by `cargo xtask sync`.

use std::fs;
use std::path::{Path, PathBuf};

use course::{CHAPTERS, Chapter};

use crate::error::{Error, Result};
use crate::tree::{Side, Tree, files, fingerprint_of};

/// Where the list is.
pub fn list_path(tree: &Tree) -> PathBuf {
    tree.root().join("xtask/course/checks.txt")
}

/// The list as it should be for the checks as they are: `fingerprint path` lines.
pub fn list(tree: &Tree) -> Result<String> {
    let mut text = String::new();
    for chapter in CHAPTERS {
        for (path, print) in prints(tree, chapter)? {
            text.push_str(&format!("{print} {}\n", path.display()));
        }
    }
    Ok(text)
}

/// The files of a chapter's checks that are not as they were shipped.
pub fn edited(tree: &Tree, chapter: &Chapter) -> Result<Vec<PathBuf>> {
    let path = list_path(tree);
    let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
    let directory = format!("exercises/{}/", chapter.directory());
    let shipped: Vec<(&str, &str)> =
        text.lines().filter_map(|line| line.split_once(' ')).filter(|(_, path)| path.starts_with(&directory)).collect();
    let present = prints(tree, chapter)?;
    let same =
        |path: &Path, print: &str| shipped.iter().any(|(known, name)| *known == print && Path::new(name) == path);
    let mut edited: Vec<PathBuf> =
        present.iter().filter(|(path, print)| !same(path, print)).map(|(path, _)| path.clone()).collect();
    let gone = shipped
        .iter()
        .map(|(_, name)| PathBuf::from(name))
        .filter(|name| !present.iter().any(|(path, _)| path == name));
    edited.extend(gone);
    Ok(edited)
}

/// Each file of a chapter's checks by its path from the root, with its fingerprint.
fn prints(tree: &Tree, chapter: &Chapter) -> Result<Vec<(PathBuf, String)>> {
    let directory = tree.chapter(Side::Mine, chapter);
    let mut paths = vec![directory.join("Cargo.toml")];
    let tests = directory.join("tests");
    // insta writes `.snap.new` beside a snapshot that did not match.
    let shipped = files(&tests)?.into_iter().filter(|file| !file.to_string_lossy().ends_with(".new"));
    paths.extend(shipped.map(|file| tests.join(file)));
    paths.into_iter().map(|path| Ok((tree.short(&path).to_owned(), fingerprint_of(&path)?))).collect()
}
