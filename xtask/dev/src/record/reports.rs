//! The reports on stored solutions, as pages show them.

use course::Chapter;
use pages::{Attributes, Shown};

use super::diff::diff;
use super::normalize::Normalizer;
use super::page::{Change, Source};
use crate::terminal::requirements::lack;
use xtask::check::report;
use xtask::check::status::Graded;
use xtask::error::{Error, Result};
use xtask::repo::{Repo, Tree};

/// A block of a page that shows the report on one stored solution.
pub struct ReportBlock {
    pub page: String,
    /// The line at which the compared text begins.
    pub line: usize,
    pub attributes: Attributes,
    /// The command, where the page shows the whole report.
    command: Option<String>,
    pub lines: Vec<String>,
    fences: (usize, usize),
}

impl ReportBlock {
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
pub fn places(source: &Source) -> Result<Vec<ReportBlock>> {
    let mut places = Vec::new();
    for console in source.page.consoles().filter(|console| console.attributes.shown.is_some()) {
        let [command] = console.commands.as_slice() else {
            let place = format!("book/{}:{}", source.name, console.line);
            return Err(Error::Failed(format!("{place}: a check is shown in a block of its own")));
        };
        places.push(ReportBlock {
            page: source.name.clone(),
            line: command.line + 1,
            attributes: console.attributes.clone(),
            command: Some(command.text.clone()),
            lines: command.output.clone(),
            fences: (console.line, console.end),
        });
    }
    places.extend(source.page.reports().map(|report| ReportBlock {
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
pub fn transcript(repo: &Repo, graded: &Graded, step: Option<usize>) -> String {
    let root = repo.root().display().to_string();
    let copied = format!("{root}/solutions");
    report::transcript(repo, graded, Tree::Exercises, step)
        .replace(&copied, "/galley/exercises")
        .replace(&root, "/galley")
}

/// Where the book shows a stored solution otherwise than its report is now; of what
/// this machine cannot show, nothing is said.
pub fn differences(repo: &Repo, chapter: &Chapter, shown: &Shown, transcript: &str) -> Result<Option<String>> {
    let places = places(&Source::read(repo, &chapter.page())?)?;
    let places = places.iter().filter(|place| place.shown() == shown && lack(&place.attributes).is_none());
    let differences: Vec<String> = places.filter_map(|place| place.difference(transcript)).collect();
    Ok((!differences.is_empty()).then(|| differences.join("\n")))
}

/// Arguments that make the harness print the report on a stored solution.
pub fn report_arguments(chapter: &Chapter, shown: &Shown) -> Vec<String> {
    let name = if let Shown::Wrong(name) = shown { name } else { "solution" };
    ["book", "record", "--report", &chapter.id(), name].map(str::to_owned).to_vec()
}
