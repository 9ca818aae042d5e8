//! What the learner has passed, kept in `.galley/progress`.
//!
//! Each line is `chapter standing fingerprint steps`. A standing holds for exactly
//! the source it was given for: after an edit the chapter counts as ungraded. The
//! steps, `1` for a passed one and `0` for another, are as they were last graded.

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
    lines: Vec<Line>,
}

struct Line {
    chapter: String,
    standing: Standing,
    print: String,
    steps: String,
}

impl Line {
    fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (chapter, standing, print) = (words.next()?, words.next()?, words.next()?);
        let standing = if standing == "passed" { Standing::Passed } else { Standing::NotYet };
        let steps = words.next().unwrap_or_default();
        Some(Self { chapter: chapter.to_owned(), standing, print: print.to_owned(), steps: steps.to_owned() })
    }

    fn write(&self) -> String {
        let standing = if self.standing == Standing::Passed { "passed" } else { "not-yet" };
        format!("{} {standing} {} {}\n", self.chapter, self.print, self.steps)
    }
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
        Ok(Self { lines: text.lines().filter_map(Line::read).collect() })
    }

    /// How the chapter's source stands as it is now; `None` if it was not graded.
    /// An untouched starter needs no grading.
    pub fn standing(&self, tree: &Tree, chapter: &Chapter) -> Result<Option<Standing>> {
        let print = fingerprint(&tree.chapter(Side::Mine, chapter).join("src"))?;
        if let Some(line) = self.line(chapter).filter(|line| line.print == print) {
            return Ok(Some(line.standing));
        }
        Ok(is_starter(tree, chapter)?.then_some(Standing::NotYet))
    }

    /// A chapter's steps as they were last graded, `1100`; empty if they never were.
    pub fn steps(&self, chapter: &Chapter) -> &str {
        self.line(chapter).map_or("", |line| &line.steps)
    }

    fn line(&self, chapter: &Chapter) -> Option<&Line> {
        self.lines.iter().find(|line| line.chapter == chapter.id())
    }

    /// Remembers a standing for the source as it is now. Without `steps`, which a
    /// source that does not compile has none of, those known before are kept.
    pub fn remember(mut self, tree: &Tree, chapter: &Chapter, standing: Standing, steps: Option<String>) -> Result<()> {
        let print = fingerprint(&tree.chapter(Side::Mine, chapter).join("src"))?;
        let steps = steps.unwrap_or_else(|| self.steps(chapter).to_owned());
        self.lines.retain(|line| line.chapter != chapter.id());
        self.lines.push(Line { chapter: chapter.id(), standing, print, steps });
        self.lines.sort_by(|a, b| a.chapter.cmp(&b.chapter));
        let text: String = self.lines.iter().map(Line::write).collect();
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
