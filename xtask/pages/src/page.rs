//! A page, taken apart.

use crate::console::{Console, Report};
use crate::fault::Fault;

/// One page.
#[derive(Debug, Default)]
pub struct Page {
    /// The text of the first heading.
    pub title: String,
    /// What stands below each heading, in order; the first may have no heading.
    pub sections: Vec<Section>,
    pub faults: Vec<Fault>,
}

/// What stands below one heading, up to the next of any level.
#[derive(Debug, Default)]
pub struct Section {
    /// 1 for `#`; 0 for what comes before the first heading.
    pub level: usize,
    pub title: String,
    pub line: usize,
    /// 3 for a heading `Step 3: …`.
    pub step: Option<usize>,
    pub parts: Vec<Part>,
}

/// One thing in a section that a tool has a use for.
#[derive(Debug)]
pub enum Part {
    Note(Note),
    Hint(Hint),
    Console(Console),
    Report(Report),
    Code(Code),
    Unseen(Unseen),
}

/// An instructor's note: `<aside class="teach" data-minutes="5">` … `</aside>`.
#[derive(Debug)]
pub struct Note {
    pub line: usize,
    pub minutes: Option<u32>,
    /// Its Markdown, without empty lines around it.
    pub text: String,
}

/// `<details><summary>Hint 1: the call</summary>` … `</details>`.
#[derive(Debug)]
pub struct Hint {
    pub line: usize,
    /// The whole summary.
    pub title: String,
    pub text: String,
}

/// A fenced block that is not a terminal.
#[derive(Debug)]
pub struct Code {
    pub line: usize,
    /// What follows the fence, such as `rust,ignore`.
    pub info: String,
    pub text: String,
}

/// `<!-- run: COMMAND -->`: what is run before the next terminal block and never
/// shown, because a reader does it by living: waits until a server listens.
#[derive(Debug)]
pub struct Unseen {
    pub line: usize,
    pub command: String,
}

impl Page {
    /// The section of a graded step; `## Step 3: …` of any level.
    pub fn step(&self, number: usize) -> Option<&Section> {
        self.sections.iter().find(|section| section.step == Some(number))
    }

    /// The terminal blocks of the whole page, in order.
    pub fn consoles(&self) -> impl Iterator<Item = &Console> {
        self.sections.iter().flat_map(|section| &section.parts).filter_map(|part| match part {
            Part::Console(console) => Some(console),
            _ => None,
        })
    }

    /// The reports of checks, in order.
    pub fn reports(&self) -> impl Iterator<Item = &Report> {
        self.sections.iter().flat_map(|section| &section.parts).filter_map(|part| match part {
            Part::Report(report) => Some(report),
            _ => None,
        })
    }
}

impl Section {
    pub fn notes(&self) -> impl Iterator<Item = &Note> {
        self.parts.iter().filter_map(|part| match part {
            Part::Note(note) => Some(note),
            _ => None,
        })
    }

    pub fn hints(&self) -> impl Iterator<Item = &Hint> {
        self.parts.iter().filter_map(|part| match part {
            Part::Hint(hint) => Some(hint),
            _ => None,
        })
    }
}
