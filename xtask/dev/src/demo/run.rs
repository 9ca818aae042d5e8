//! What is asked for, and which of the two kinds of demo plays it.

use course::Chapter;

use xtask::error::{Error, Result};
use xtask::galley::Choice;
use xtask::packages;
use xtask::repo::Repo;

use super::screen::Look;
use super::{chapter, window, workshop};
use crate::setup;

/// What to play, and how.
#[derive(Default)]
pub struct Request {
    /// Without one, the workshop.
    pub chapter: Option<&'static Chapter>,
    pub choice: Choice,
    pub auto: bool,
    pub big: bool,
    /// Show commands at once, not letter by letter.
    pub quick: bool,
    /// Show each step's code.
    pub code: bool,
    /// Where the workshop's image goes, as `REGISTRY/USER`, if to a real registry.
    pub to: Option<String>,
    /// Install what is missing without asking.
    pub yes: bool,
}

/// Plays it; without waiting for a key with `auto`, or where nobody could press one.
pub fn run(repo: &Repo, request: &Request) -> Result<u8> {
    let look = Look { big: request.big, auto: request.auto || !window::has_keys(), quick: request.quick };
    if let (Some(_), Some(chapter)) = (&request.to, request.chapter) {
        return Err(Error::Usage(format!("--to is for the workshop, and {} is a chapter", chapter.id())));
    }
    setup::run(packages::DEMO, request.yes)?;
    match request.chapter {
        Some(which) => chapter::run(repo, which, look, request.code),
        None => workshop::run(repo, request.choice, look, request.to.as_deref()),
    }
}
