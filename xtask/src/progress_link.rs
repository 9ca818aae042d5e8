//! Passes the learner's progress to the book's pages, in the fragment of a link such as
//! `index.html#progress=ch1:1100`. No server sees it, and the page's script stores it.

use std::path::Path;

use course::CHAPTERS;

use crate::error::Result;
use crate::progress::{Progress, is_starter};
use crate::repo::{Repo, Tree};

/// Where the reader's book is, if it is not the one that was built here.
const BOOK: &str = "GALLEY_BOOK";

/// `progress=ch1:1100,ch2:0000000`; none before anything was graded.
pub fn fragment(repo: &Repo) -> Result<Option<String>> {
    let progress = Progress::load(repo)?;
    let mut parts = Vec::new();
    for chapter in CHAPTERS {
        let steps = progress.steps(chapter);
        if steps.is_empty() {
            continue;
        }
        // A chapter that was put back to its starter, or is gone, has lost its steps.
        let gone = !repo.chapter(Tree::Exercises, chapter).join("src").is_dir();
        let lost = gone || is_starter(repo, chapter)?;
        let steps = if lost { "0".repeat(chapter.steps.len()) } else { steps.to_owned() };
        parts.push(format!("{}:{steps}", chapter.id()));
    }
    Ok((!parts.is_empty()).then(|| format!("progress={}", parts.join(","))))
}

/// How many steps of all chapters are passed.
pub fn passed(repo: &Repo) -> Result<usize> {
    let progress = Progress::load(repo)?;
    Ok(CHAPTERS.iter().map(|chapter| progress.steps(chapter).matches('1').count()).sum())
}

/// The link to the book; none as long as there is no book to show it.
pub fn link(repo: &Repo) -> Result<Option<String>> {
    let named = std::env::var(BOOK).ok();
    let built = repo.target().join("book/index.html");
    let book = named.or_else(|| built.is_file().then(|| address(&built)));
    Ok(book.zip(fragment(repo)?).map(|(book, fragment)| format!("{book}#{fragment}")))
}

/// A path as a `file:` address, with the characters escaped that have a meaning in it.
fn address(path: &Path) -> String {
    let mut address = "file://".to_owned();
    for character in path.display().to_string().chars() {
        match character {
            '%' | ' ' | '#' | '?' => address += &format!("%{:02X}", u32::from(character)),
            other => address.push(other),
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_an_address() {
        assert_eq!(address(Path::new("/a b/c#d.html")), "file:///a%20b/c%23d.html");
    }
}
