//! Tells whether a chapter's checks were edited: `xtask/course/checks.txt` has a fingerprint
//! of each of their files. `cargo xtask sync` writes it.

use std::path::{Path, PathBuf};

use course::{CHAPTERS, Chapter};

use crate::error::Result;
use crate::files;
use crate::repo::{Repo, Tree};

/// Where the list is.
pub fn list_path(repo: &Repo) -> PathBuf {
    repo.root().join("xtask/course/checks.txt")
}

/// The list as it should be for the checks as they are: `fingerprint path` lines.
pub fn list(repo: &Repo) -> Result<String> {
    let mut text = String::new();
    for chapter in CHAPTERS {
        for (path, print) in prints(repo, chapter)? {
            text.push_str(&format!("{print} {}\n", path.display()));
        }
    }
    Ok(text)
}

/// The files of a chapter's checks that are not as they were shipped.
pub fn edited(repo: &Repo, chapter: &Chapter) -> Result<Vec<PathBuf>> {
    let path = list_path(repo);
    let text = files::read(&path)?;
    let directory = format!("exercises/{}/", chapter.directory());
    let shipped: Vec<(&str, &str)> =
        text.lines().filter_map(|line| line.split_once(' ')).filter(|(_, path)| path.starts_with(&directory)).collect();
    let present = prints(repo, chapter)?;
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
fn prints(repo: &Repo, chapter: &Chapter) -> Result<Vec<(PathBuf, String)>> {
    let directory = repo.chapter(Tree::Exercises, chapter);
    let mut paths = vec![directory.join("Cargo.toml")];
    let tests = directory.join("tests");
    // insta writes `.snap.new` beside a snapshot that did not match.
    let shipped = files::list(&tests)?.into_iter().filter(|file| !file.to_string_lossy().ends_with(".new"));
    paths.extend(shipped.map(|file| tests.join(file)));
    paths.into_iter().map(|path| Ok((repo.short(&path).to_owned(), files::fingerprint_of(&path)?))).collect()
}
