//! A chapter's page, played in a sandbox.

use std::fs;

use course::Chapter;
use pages::{Page, Shown};

use super::cue::{Cue, of_page};
use super::player::World;
use super::screen::{Look, Screen};
use super::{code, play};
use crate::error::{Error, Result};
use crate::terminal::{Programs, Session};
use crate::tree::Tree;

pub fn run(tree: &Tree, chapter: &'static Chapter, look: Look, with_code: bool) -> Result<u8> {
    let mut cues = cues(tree, chapter)?;
    if with_code {
        code::insert(tree, chapter, &mut cues)?;
    }
    println!("Building the solutions. This takes a minute the first time.");
    let programs = Programs::build(tree)?;
    let screen = Screen::open(look)?;
    play(&screen, &cues, Sandboxed { tree, chapter, programs })?;
    Ok(0)
}

/// What is played of a chapter's page on this machine.
pub fn cues(tree: &Tree, chapter: &Chapter) -> Result<Vec<Cue>> {
    let path = tree.root().join("book").join(chapter.page());
    let page = Page::parse(&fs::read_to_string(&path).map_err(Error::file("read", &path))?);
    Ok(of_page(&page, chapter))
}

struct Sandboxed<'a> {
    tree: &'a Tree,
    chapter: &'static Chapter,
    programs: Programs,
}

impl World for Sandboxed<'_> {
    fn start(&mut self) -> Result<Session> {
        Session::start(self.tree, &self.programs)
    }

    /// A page shows failures, too; what it should show is for `book record --check`.
    fn judge(&mut self, _cue: usize, _code: u8, _output: &str) -> Result<()> {
        Ok(())
    }

    fn report(&self, shown: &Shown) -> Vec<String> {
        crate::record::report_arguments(self.chapter, shown)
    }
}
