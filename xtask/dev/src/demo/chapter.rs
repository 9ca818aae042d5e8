//! A chapter's page, played in a sandbox.

use course::Chapter;
use pages::{Page, Shown};

use super::code;
use super::event::{Event, of_page};
use super::player::{Backend, play};
use super::screen::{Look, Screen};
use crate::terminal::{Programs, Session};
use xtask::error::Result;
use xtask::files;
use xtask::repo::Repo;

pub fn run(repo: &Repo, chapter: &'static Chapter, look: Look, with_code: bool) -> Result<u8> {
    let mut events = events(repo, chapter)?;
    if with_code {
        code::insert(repo, chapter, &mut events)?;
    }
    println!("Building the solutions. This takes a minute the first time.");
    let programs = Programs::build(repo)?;
    let screen = Screen::open(look)?;
    play(&screen, &events, Sandboxed { repo, chapter, programs })?;
    Ok(0)
}

/// What is played of a chapter's page on this machine.
pub fn events(repo: &Repo, chapter: &Chapter) -> Result<Vec<Event>> {
    let path = repo.root().join("book").join(chapter.page());
    let page = Page::parse(&files::read(&path)?);
    Ok(of_page(&page, chapter))
}

struct Sandboxed<'a> {
    repo: &'a Repo,
    chapter: &'static Chapter,
    programs: Programs,
}

impl Backend for Sandboxed<'_> {
    fn start(&mut self) -> Result<Session> {
        Session::start(self.repo, &self.programs, None)
    }

    /// A page shows failures, too; what it should show is for `book record --check`.
    fn judge(&mut self, _cue: usize, _code: u8, _output: &str) -> Result<()> {
        Ok(())
    }

    fn report(&self, shown: &Shown) -> Vec<String> {
        crate::record::reports::report_arguments(self.chapter, shown)
    }
}
