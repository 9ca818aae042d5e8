//! What checks say of stored solutions, as pages show it.

use course::Chapter;
use pages::{Attributes, Shown};

use super::differ::diff;
use super::normal::Normalizer;
use super::page::{Change, Source};
use crate::check::{self, Graded, Request, Trial};
use crate::error::{Error, Result};
use crate::terminal::machine::lack;
use crate::test::variants;
use crate::tree::{Side, Tree};

/// What a page shows of the verdict on one stored solution.
pub struct Place {
    pub page: String,
    /// Where what is compared begins.
    pub line: usize,
    pub attributes: Attributes,
    /// The command, where the page shows the whole report.
    command: Option<String>,
    pub lines: Vec<String>,
    fences: (usize, usize),
}

impl Place {
    pub fn shown(&self) -> &Shown {
        self.attributes.shown.as_ref().unwrap_or(&Shown::Solution)
    }

    /// The lines of a report that belong here: all, or those on the fault.
    pub fn of(&self, transcript: &str) -> Vec<String> {
        let lines = transcript.lines().map(str::to_owned);
        if self.command.is_some() {
            return lines.collect();
        }
        lines.skip_while(|line| !line.starts_with("Step ")).take_while(|line| !line.is_empty()).collect()
    }

    /// A diff against a new report, below the place; `None` if it says the same.
    pub fn difference(&self, transcript: &str) -> Option<String> {
        let varies = &self.attributes.varies;
        let normal = |lines: &[String]| Normalizer::default().lines(lines, varies);
        let lines = diff(&normal(&self.lines), &normal(&self.of(transcript)))?;
        Some(format!("book/{}:{}: the report is another now:\n    {}", self.page, self.line, lines.join("\n    ")))
    }

    pub fn change(&self, transcript: &str) -> Change {
        let command = self.command.iter().map(|command| format!("$ {command}"));
        Change { fences: self.fences, lines: command.chain(self.of(transcript)).collect() }
    }
}

/// The places of a page. A terminal in which a check is shown has that one command.
pub fn places(source: &Source) -> Result<Vec<Place>> {
    let mut places = Vec::new();
    for console in source.page.consoles().filter(|console| console.attributes.shown.is_some()) {
        let [command] = console.commands.as_slice() else {
            let place = format!("book/{}:{}", source.name, console.line);
            return Err(Error::Failed(format!("{place}: a check is shown in a block of its own")));
        };
        places.push(Place {
            page: source.name.clone(),
            line: command.line + 1,
            attributes: console.attributes.clone(),
            command: Some(command.text.clone()),
            lines: command.output.clone(),
            fences: (console.line, console.end),
        });
    }
    places.extend(source.page.reports().map(|report| Place {
        page: source.name.clone(),
        line: report.line + 1,
        attributes: report.attributes.clone(),
        command: None,
        lines: report.lines.clone(),
        fences: (report.line, report.end),
    }));
    Ok(places)
}

/// A graded solution's report, as the learner would see it whose code it is, in a
/// repository at `/galley`.
pub fn transcript(tree: &Tree, graded: &Graded, step: Option<usize>) -> String {
    let request = Request { chapters: Vec::new(), step, side: Side::Mine, json: false, time: None, user: None };
    let root = tree.root().display().to_string();
    let mine = format!("{root}/solutions");
    check::transcript(tree, graded, &request).replace(&mine, "/galley/exercises").replace(&root, "/galley")
}

/// Grades a stored solution on one of the desks, and returns its report.
pub fn made(tree: &Tree, chapter: &'static Chapter, shown: &Shown, desk: usize) -> Result<String> {
    match shown {
        Shown::Wrong(name) => variants::transcript(tree, chapter, name, desk),
        Shown::Solution => {
            let graded = check::judge(tree, chapter, Side::Reference, &Trial::default())?;
            Ok(transcript(tree, &graded, None))
        }
    }
}

/// Where the book shows a stored solution otherwise than its report is now; of what
/// this machine cannot show, nothing is said.
pub fn differences(tree: &Tree, chapter: &Chapter, shown: &Shown, transcript: &str) -> Result<Option<String>> {
    let places = places(&Source::read(tree, &chapter.page())?)?;
    let places = places.iter().filter(|place| place.shown() == shown && lack(&place.attributes).is_none());
    let differences: Vec<String> = places.filter_map(|place| place.difference(transcript)).collect();
    Ok((!differences.is_empty()).then(|| differences.join("\n")))
}
