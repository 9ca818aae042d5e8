//! A page and its terminals: read, played, and written back.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use pages::{Attributes, Console, Page, Part};

use crate::terminal::requirements::{UNIFIED, lack, plays};
use crate::terminal::{Programs, Said, Session};
use xtask::error::{Error, Result};
use xtask::files;
use xtask::repo::{HARNESS, Repo, program_path};

/// How long one command may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A page of the book as it is in its file.
pub struct Source {
    /// Below `book/`, such as `ch1-chroot.md`.
    pub name: String,
    pub path: PathBuf,
    pub text: String,
    pub page: Page,
}

impl Source {
    pub fn read(repo: &Repo, name: &str) -> Result<Self> {
        let path = repo.root().join("book").join(name);
        let text = files::read(&path)?;
        let page = Page::parse(&text);
        match page.faults.first() {
            Some(fault) => Err(Error::Failed(format!("book/{name}:{}: {}", fault.line, fault.text))),
            None => Ok(Self { name: name.to_owned(), path, text, page }),
        }
    }

    /// A block that a command of the shell is in; the others are for [`super::reports`].
    pub fn terminals(&self) -> impl Iterator<Item = &Console> {
        self.page.consoles().filter(|console| console.attributes.shown.is_none())
    }
}

/// What the commands of one block printed, each its lines; or why they were not run.
pub type Played = std::result::Result<Vec<Vec<String>>, String>;

/// Plays the terminals of a page: here, or in the virtual machine if only that has
/// what the page needs. The results are in the order of [`Source::terminals`].
pub fn play(repo: &Repo, programs: &Programs, source: &Source) -> Result<Vec<Played>> {
    let unified = |attributes: &Attributes| attributes.needs.iter().any(|need| need == UNIFIED);
    let elsewhere =
        source.terminals().any(|console| unified(&console.attributes) && lack(&console.attributes).is_some());
    if elsewhere { in_machine(repo, source) } else { here(repo, programs, source, None) }
}

/// Plays them in one sandbox on this machine, at another time if `clock` has one.
pub fn here(repo: &Repo, programs: &Programs, source: &Source, clock: Option<&str>) -> Result<Vec<Played>> {
    let mut session = Session::start(repo, programs, clock)?;
    let mut all = Vec::new();
    let parts = source.page.sections.iter().flat_map(|section| section.parts.iter().map(move |part| (section, part)));
    for (section, part) in parts {
        match part {
            Part::Unseen(unseen) if plays(section) => {
                let Said { code, output } = session.run(&unseen.command, TIMEOUT, |_| true)?;
                if code != 0 {
                    let line = unseen.line;
                    return Err(Error::Failed(format!("book/{}:{line}: exit code {code}\n{output}", source.name)));
                }
            }
            Part::Console(console) if console.attributes.shown.is_none() => {
                all.push(match lack(&console.attributes) {
                    Some(reason) => Err(reason),
                    None => {
                        Ok(console.commands.iter().map(|command| run(&mut session, command)).collect::<Result<_>>()?)
                    }
                });
            }
            _ => {}
        }
    }
    Ok(all)
}

/// Runs one command. For a background job it waits for as many lines as the page shows.
fn run(session: &mut Session, command: &pages::Command) -> Result<Vec<String>> {
    let wanted = if command.text.trim_end().ends_with('&') { command.output.len() } else { 0 };
    let enough = |output: &[u8]| output.iter().filter(|byte| **byte == b'\n').count() >= wanted;
    let lines: Vec<String> = session.run(&command.text, TIMEOUT, enough)?.output.lines().map(str::to_owned).collect();
    match lines.iter().find(|line| line.starts_with("$ ") || line.starts_with("```")) {
        Some(line) => Err(Error::Failed(format!("`{}` printed '{line}', which cannot stand in a block", command.text))),
        None => Ok(lines),
    }
}

/// Lets this harness, in the virtual machine, print the page as it would write it.
fn in_machine(repo: &Repo, source: &Source) -> Result<Vec<Played>> {
    let mut command = Command::new(HARNESS);
    command.args(["vm", "--"]).arg(program_path()?).args(["book", "record", "--print", &source.name]);
    let output = command.current_dir(repo.root()).output();
    let output = output.map_err(Error::file("run", HARNESS.as_ref()))?;
    let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    match output.status.code() {
        Some(0) => {}
        Some(3) => {
            let reason = words.lines().last().unwrap_or_default();
            let reason = reason.trim_start_matches("xtask: this machine ");
            return Ok(source.terminals().map(|_| Err(reason.to_owned())).collect());
        }
        _ => return Err(Error::Failed(format!("book/{} in the virtual machine: {words}", source.name))),
    }
    let page = Page::parse(&String::from_utf8_lossy(&output.stdout));
    let printed = page.consoles().filter(|console| console.attributes.shown.is_none());
    Ok(printed.map(|console| Ok(console.commands.iter().map(|command| command.output.clone()).collect())).collect())
}

/// New lines for the text between two fences.
pub struct Change {
    /// The lines of the fences.
    pub fences: (usize, usize),
    pub lines: Vec<String>,
}

/// The change that brings a played block into its page.
pub fn change(console: &Console, played: &[Vec<String>]) -> Change {
    let commands = console.commands.iter().zip(played);
    let commands = commands.map(|(command, output)| pages::Command { output: output.clone(), ..command.clone() });
    let console = Console { commands: commands.collect(), attributes: Attributes::default(), ..*console };
    Change { fences: (console.line, console.end), lines: console.lines() }
}

/// A page's text with the changes made.
pub fn changed(text: &str, mut changes: Vec<Change>) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    changes.sort_by_key(|change| change.fences);
    for Change { fences: (first, last), lines: new } in changes.into_iter().rev() {
        lines.splice(first..last - 1, new);
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_changed_in_place() {
        let text = "# T\n\n```console\n$ a\n1\n$ b\n```\n\n```console\n$ c\n3\n```\nend\n";
        let page = Page::parse(text);
        let outputs = [vec![vec![], vec!["2".to_owned(), "3".to_owned()]], vec![vec!["4".to_owned()]]];
        let changes = page.consoles().zip(&outputs).map(|(console, played)| change(console, played)).collect();
        let expected = "# T\n\n```console\n$ a\n$ b\n2\n3\n```\n\n```console\n$ c\n4\n```\nend\n";
        assert_eq!(changed(text, changes), expected);
    }
}
