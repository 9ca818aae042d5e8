//! The result of comparing the book's pages.

use std::collections::{BTreeMap, BTreeSet};
use std::slice::from_ref;

use pages::Attributes;

use super::diff::diff;
use super::normalize::{Normalizer, always, known};
use super::page::{Played, Source};
use super::reports::{self, ReportBlock};
use crate::terminal::requirements::lack;
use xtask::error::{Error, Result};

#[derive(Default)]
pub struct Summary {
    /// Terminals and reports that have not changed.
    terminals: usize,
    reports: usize,
    /// What this machine could not run: line numbers, by page and reason.
    skipped: BTreeMap<(String, String), Vec<usize>>,
    /// What is wrong, with the place where.
    faults: Vec<String>,
}

impl Summary {
    pub fn of_terminals(sources: &[Source], played: &[Vec<Played>]) -> Self {
        let mut summary = Self::default();
        for (source, played) in sources.iter().zip(played) {
            let mut trees = Sides::default();
            for (console, played) in source.terminals().zip(played) {
                match played {
                    Ok(outputs) => {
                        summary.terminals += 1;
                        let commands = console.commands.iter().zip(outputs);
                        summary.faults.extend(commands.filter_map(|(command, now)| {
                            trees.difference(&source.name, command, now, &console.attributes.varies)
                        }));
                    }
                    Err(reason) => summary.skip(&source.name, console.line, reason),
                }
            }
        }
        summary
    }

    /// Whether a page's terminals say what they said, save what varies each time.
    pub fn unchanged(source: &Source, played: &Vec<Played>) -> bool {
        Self::of_terminals(from_ref(source), from_ref(played)).faults.is_empty()
    }

    pub fn add_reports(&mut self, sources: &[Source], reported: &[(ReportBlock, String)]) -> Result<()> {
        self.reports += reported.len();
        self.faults.extend(reported.iter().filter_map(|(place, transcript)| place.difference(transcript)));
        for source in sources {
            for place in reports::places(source)? {
                if let Some(reason) = lack(&place.attributes) {
                    self.skip(&source.name, place.line, &reason);
                }
            }
        }
        Ok(())
    }

    /// A rule that changes nothing on any page, or in the block that asks for it,
    /// hides what it may hide one day.
    pub fn add_idle_rules(&mut self, sources: &[Source]) {
        let mut idle = always();
        for source in sources {
            let mut normalizer = Normalizer::default();
            for (line, attributes, lines) in recorded(source) {
                normalizer.lines(&lines, &attributes.varies);
                let used = &normalizer.used;
                idle.retain(|name| !used.contains(name));
                let place = format!("book/{}:{line}", source.name);
                self.faults.extend(attributes.varies.iter().filter(|name| !used.contains(name.as_str())).map(|name| {
                    match known().contains(name.as_str()) {
                        true => format!("{place}: varies={name}, but nothing here is of that kind"),
                        false => format!("{place}: varies={name} is not known; these are: {}", list(&known())),
                    }
                }));
            }
        }
        self.faults.extend(idle.iter().map(|name| format!("the rule '{name}' changes nothing on any page: remove it")));
    }

    /// A line of praise, and one for each reason to skip something; or the faults.
    pub fn verdict(self) -> Result<(String, Vec<String>)> {
        if !self.faults.is_empty() {
            let again = "`cargo xtask book record` writes the pages anew";
            return Err(Error::Failed(format!("{}\n{again}", self.faults.join("\n"))));
        }
        let mut words = format!("{} terminals", self.terminals);
        if self.reports > 0 {
            words.push_str(&format!(", {} reports", self.reports));
        }
        let skipped = self.skipped.iter().map(|((page, reason), lines)| {
            let lines: Vec<String> = lines.iter().map(usize::to_string).collect();
            format!("book/{page}, line {}: this machine {reason}", lines.join(", "))
        });
        Ok((words, skipped.collect()))
    }

    fn skip(&mut self, page: &str, line: usize, reason: &str) {
        self.skipped.entry((page.to_owned(), reason.to_owned())).or_default().push(line);
    }
}

/// A page as it was recorded, and as it is now.
#[derive(Default)]
struct Sides {
    recorded: Normalizer,
    now: Normalizer,
}

impl Sides {
    fn difference(
        &mut self,
        page: &str,
        command: &pages::Command,
        now: &[String],
        varies: &[String],
    ) -> Option<String> {
        let lines = diff(&self.recorded.lines(&command.output, varies), &self.now.lines(now, varies))?;
        let (line, text, lines) = (command.line, &command.text, lines.join("\n    "));
        Some(format!("book/{page}:{line}: `{text}` prints something else now:\n    {lines}"))
    }
}

/// Everything that was recorded on a page.
fn recorded(source: &Source) -> impl Iterator<Item = (usize, &Attributes, Vec<String>)> {
    let consoles = source.page.consoles().map(|console| {
        let output = console.commands.iter().flat_map(|command| command.output.clone()).collect();
        (console.line, &console.attributes, output)
    });
    consoles.chain(source.page.reports().map(|report| (report.line, &report.attributes, report.lines.clone())))
}

fn list(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join(", ")
}
