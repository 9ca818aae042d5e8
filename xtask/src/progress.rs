//! What the learner has passed, kept in `.galley/progress`.
//!
//! Each line is `chapter standing fingerprint`. A standing holds for exactly the
//! source it was given for: after an edit the chapter counts as ungraded.

use std::fs;
use std::path::PathBuf;

use course::Chapter;

use crate::error::{Error, Result};
use crate::sync;
use crate::tree::{Side, Tree, files, fingerprint};

/// What became of a chapter's source when it was last graded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Passed,
    NotYet,
}

/// The remembered standings.
pub struct Progress {
    lines: Vec<(String, Standing, String)>,
}

fn file(tree: &Tree) -> PathBuf {
    tree.root().join(".galley/progress")
}

impl Progress {
    /// Reads what is remembered; nothing is, on a fresh clone.
    pub fn load(tree: &Tree) -> Result<Self> {
        let path = file(tree);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Error::file("read", &path)(error)),
        };
        let lines = text.lines().filter_map(|line| {
            let mut words = line.split(' ');
            let (chapter, standing, print) = (words.next()?, words.next()?, words.next()?);
            let standing = if standing == "passed" { Standing::Passed } else { Standing::NotYet };
            Some((chapter.to_owned(), standing, print.to_owned()))
        });
        Ok(Self { lines: lines.collect() })
    }

    /// How the chapter's source stands as it is now; `None` if it was not graded.
    /// An untouched starter needs no grading.
    pub fn standing(&self, tree: &Tree, chapter: &Chapter) -> Result<Option<Standing>> {
        let print = fingerprint(&tree.chapter(Side::Mine, chapter).join("src"))?;
        let known = self.lines.iter().find(|(id, _, known)| *id == chapter.id() && *known == print);
        if let Some((_, standing, _)) = known {
            return Ok(Some(*standing));
        }
        Ok(is_starter(tree, chapter)?.then_some(Standing::NotYet))
    }

    /// Remembers a standing for the source as it is now.
    pub fn remember(mut self, tree: &Tree, chapter: &Chapter, standing: Standing) -> Result<()> {
        let print = fingerprint(&tree.chapter(Side::Mine, chapter).join("src"))?;
        self.lines.retain(|(id, _, _)| *id != chapter.id());
        self.lines.push((chapter.id(), standing, print));
        self.lines.sort_by(|a, b| a.0.cmp(&b.0));
        let text: String = self
            .lines
            .iter()
            .map(|(id, standing, print)| {
                format!("{id} {} {print}\n", if *standing == Standing::Passed { "passed" } else { "not-yet" })
            })
            .collect();
        sync::put(&file(tree), &text)
    }
}

/// Whether the learner has not begun: the source is what `sync` would write.
pub fn is_starter(tree: &Tree, chapter: &Chapter) -> Result<bool> {
    // Without the reference tree nothing is known of the starter; then grade.
    if !tree.chapter(Side::Reference, chapter).join("src").is_dir() {
        return Ok(false);
    }
    let starter = sync::starter_of(tree, chapter)?;
    if files(&tree.chapter(Side::Mine, chapter).join("src"))?.len() != starter.len() {
        return Ok(false);
    }
    Ok(starter.iter().all(|(path, text)| fs::read_to_string(path).is_ok_and(|found| found == *text)))
}
