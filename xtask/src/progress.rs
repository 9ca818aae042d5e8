//! What the learner has passed, kept in `.galley/progress`.
//!
//! Each line is `chapter status fingerprint steps`. A status holds for exactly
//! the source it was given for: after an edit the chapter counts as ungraded. The
//! steps, `1` for a passed one and `0` for another, are as they were last graded.

use std::path::PathBuf;

use course::Chapter;

use crate::error::Result;
use crate::repo::{Repo, Tree};
use crate::{files, starter};

/// What became of a chapter's source when it was last graded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Passed,
    NotYet,
}

/// The remembered results.
pub struct Progress {
    lines: Vec<Line>,
}

struct Line {
    chapter: String,
    status: Status,
    print: String,
    steps: String,
}

impl Line {
    fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (chapter, status, print) = (words.next()?, words.next()?, words.next()?);
        let status = if status == "passed" { Status::Passed } else { Status::NotYet };
        let steps = words.next().unwrap_or_default();
        Some(Self { chapter: chapter.to_owned(), status, print: print.to_owned(), steps: steps.to_owned() })
    }

    fn write(&self) -> String {
        let status = if self.status == Status::Passed { "passed" } else { "not-yet" };
        format!("{} {status} {} {}\n", self.chapter, self.print, self.steps)
    }
}

fn file(repo: &Repo) -> PathBuf {
    repo.root().join(".galley/progress")
}

impl Progress {
    /// Reads what is remembered; nothing is, on a fresh clone.
    pub fn load(repo: &Repo) -> Result<Self> {
        let text = files::read_if_present(&file(repo))?;
        Ok(Self { lines: text.lines().filter_map(Line::read).collect() })
    }

    /// The status of the chapter's source as it is now; `None` if it was not graded. An
    /// untouched starter needs no grading.
    pub fn status(&self, repo: &Repo, chapter: &Chapter) -> Result<Option<Status>> {
        let print = files::fingerprint(&repo.source(Tree::Exercises, chapter))?;
        if let Some(line) = self.line(chapter).filter(|line| line.print == print) {
            return Ok(Some(line.status));
        }
        Ok(is_starter(repo, chapter)?.then_some(Status::NotYet))
    }

    /// A chapter's steps as they were last graded, `1100`; empty if they never were.
    pub fn steps(&self, chapter: &Chapter) -> &str {
        self.line(chapter).map_or("", |line| &line.steps)
    }

    fn line(&self, chapter: &Chapter) -> Option<&Line> {
        self.lines.iter().find(|line| line.chapter == chapter.id())
    }

    /// Remembers a status for the source as it is now. Without `steps`, which a
    /// source that does not compile has none of, those known before are kept.
    pub fn remember(mut self, repo: &Repo, chapter: &Chapter, status: Status, steps: Option<String>) -> Result<()> {
        let print = files::fingerprint(&repo.source(Tree::Exercises, chapter))?;
        let steps = steps.unwrap_or_else(|| self.steps(chapter).to_owned());
        self.lines.retain(|line| line.chapter != chapter.id());
        self.lines.push(Line { chapter: chapter.id(), status, print, steps });
        self.lines.sort_by(|a, b| a.chapter.cmp(&b.chapter));
        let text: String = self.lines.iter().map(Line::write).collect();
        files::write(&file(repo), &text)
    }
}

/// Whether the learner has not begun: the source is what `sync` would write.
pub fn is_starter(repo: &Repo, chapter: &Chapter) -> Result<bool> {
    // Without the reference tree nothing is known of the starter; then grade.
    if !repo.source(Tree::Solutions, chapter).is_dir() {
        return Ok(false);
    }
    let starter = starter::of(repo, chapter)?;
    if files::list(&repo.source(Tree::Exercises, chapter))?.len() != starter.len() {
        return Ok(false);
    }
    Ok(starter.iter().all(|(path, text)| std::fs::read_to_string(path).is_ok_and(|found| found == *text)))
}
