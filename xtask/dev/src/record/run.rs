//! Plays the pages, and writes or compares them.

use std::fs;
use std::slice::from_ref;

use clap::Args;
use course::CHAPTERS;
use pages::Shown;

use xtask::error::{Error, Result};
use xtask::repo::{Repo, chapter};
use xtask::{files, packages};

use super::page::{self, Played, Source};
use super::reports::{self, ReportBlock};
use super::summary::Summary;
use crate::stage::Stage;
use crate::terminal::Programs;
use crate::terminal::requirements::{UNIFIED, lack};
use crate::{mutants, parallel};

/// What to record.
#[derive(Args, Default)]
pub struct Request {
    /// Write nothing; fail where a page shows something else
    #[arg(long)]
    check: bool,
    /// Print the page instead of writing it: what the virtual machine is asked for
    #[arg(long, hide = true)]
    print: bool,
    /// Print the report on a stored solution: what a demo asks for
    #[arg(long, hide = true)]
    report: bool,
    /// Pages such as ch3 or setup; all if there is none
    pages: Vec<String>,
}

/// Records the pages, or compares them.
pub fn run(repo: &Repo, request: &Request) -> Result<u8> {
    if request.report {
        return print_report(repo, &request.pages);
    }
    let sources = sources(repo, &request.pages)?;
    if request.print {
        return sources.iter().try_for_each(|source| print(repo, source)).map(|()| 0);
    }
    let (played, reported) = (play_all(repo, &sources)?, report_all(repo, &sources)?);
    if !request.check {
        return write(repo, &sources, &played, &reported);
    }
    let mut summary = Summary::of_terminals(&sources, &played);
    summary.add_reports(&sources, &reported)?;
    if request.pages.is_empty() {
        summary.add_idle_rules(&sources);
    }
    let (words, skipped) = summary.verdict()?;
    println!("{words}");
    skipped.iter().for_each(|line| println!("skipped: {line}"));
    Ok(0)
}

/// The terminals of every page, compared; the reports are left to the stages that
/// grade the solutions. What it came to, and why some were left out.
pub fn check_terminals(repo: &Repo) -> Result<(String, Vec<String>)> {
    let sources = sources(repo, &[])?;
    let mut summary = Summary::of_terminals(&sources, &play_all(repo, &sources)?);
    summary.add_idle_rules(&sources);
    summary.verdict()
}

/// Days on which a comparison of dates has failed or could: with one digit and with two, at
/// both ends of a year, in a leap year, and in the next year.
const CLOCKS: [&str; 6] = [
    "2027-01-01 00:00:05",
    "2026-12-09 12:00:00",
    "2026-12-10 12:00:00",
    "2028-02-29 23:59:00",
    "2026-12-31 23:59:58",
    "2027-12-01 08:00:00",
];

/// Every page that shows dates, compared on other days.
pub fn check_dates(repo: &Repo) -> Result<Stage> {
    if packages::find("faketime").is_none() {
        return Ok(Stage::Skipped("faketime is not installed; `cargo xtask setup` installs it".to_owned()));
    }
    let dated =
        |source: &Source| source.terminals().any(|one| one.attributes.varies.iter().any(|what| what == "dates"));
    let sources: Vec<Source> = sources(repo, &[])?.into_iter().filter(dated).collect();
    let programs = Programs::build(repo)?;
    let runs: Vec<(&Source, &str)> = sources.iter().flat_map(|source| CLOCKS.map(|clock| (source, clock))).collect();
    parallel::map(1, &runs, |_, (source, clock)| {
        let played = page::here(repo, &programs, source, Some(&format!("@{clock}")))?;
        let summary = Summary::of_terminals(from_ref(*source), &[played]);
        summary.verdict().map_err(|error| Error::Failed(format!("at {clock}: {error}")))
    })?;
    Ok(Stage::Passed(format!("{} pages on {} days", sources.len(), CLOCKS.len())))
}

/// The named pages, or every page that shows a terminal or a report.
fn sources(repo: &Repo, names: &[String]) -> Result<Vec<Source>> {
    let book = repo.root().join("book");
    if !names.is_empty() {
        return names.iter().map(|name| Source::read(repo, &file_name(repo, name)?)).collect();
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(&book).map_err(Error::file("read", &book))? {
        let name = entry.map_err(Error::file("read", &book))?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".md") {
            found.push(Source::read(repo, &name)?);
        }
    }
    found.retain(|source| source.page.consoles().next().is_some() || source.page.reports().next().is_some());
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// A page may be named as its chapter or as its file.
fn file_name(repo: &Repo, name: &str) -> Result<String> {
    let bare = name.trim_start_matches("book/");
    let file = if bare.ends_with(".md") { bare.to_owned() } else { format!("{bare}.md") };
    if repo.root().join("book").join(&file).is_file() {
        return Ok(file);
    }
    let chapter = chapter(name)
        .map_err(|_| Error::Usage(format!("there is no page '{name}'; name pages as `ch3` or `setup`")))?;
    Ok(chapter.page())
}

/// Plays every page, as many at a time as there are processors. Those that take the
/// virtual machine come first, since they take longest.
fn play_all(repo: &Repo, sources: &[Source]) -> Result<Vec<Vec<Played>>> {
    let programs = Programs::build(repo)?;
    let mut order: Vec<usize> = (0..sources.len()).filter(|at| sources[*at].terminals().next().is_some()).collect();
    let unified =
        |source: &Source| source.terminals().any(|console| console.attributes.needs.iter().any(|need| need == UNIFIED));
    order.sort_by_key(|at| !unified(&sources[*at]));
    let mut played: Vec<Vec<Played>> = sources.iter().map(|_| Vec::new()).collect();
    let results = parallel::map(1, &order, |_, at| page::play(repo, &programs, &sources[*at]))?;
    for (at, result) in order.into_iter().zip(results) {
        played[at] = result;
    }
    Ok(played)
}

/// Grades the stored solutions that pages show, each once for each place.
fn report_all(repo: &Repo, sources: &[Source]) -> Result<Vec<(ReportBlock, String)>> {
    let mut wanted = Vec::new();
    for source in sources {
        for place in reports::places(source)?.into_iter().filter(|place| lack(&place.attributes).is_none()) {
            let of = CHAPTERS.iter().find(|chapter| chapter.page() == source.name);
            let stray = || Error::Failed(format!("book/{}:{}: only a chapter has solutions", place.page, place.line));
            wanted.push((of.ok_or_else(stray)?, place));
        }
    }
    let transcripts =
        parallel::map(1, &wanted, |slot, (chapter, block)| mutants::report(repo, chapter, block.shown(), slot))?;
    Ok(wanted.into_iter().map(|(_, place)| place).zip(transcripts).collect())
}

/// Writes every page with what came out, and says what changed and what was left.
///
/// Where only what varies has changed, the page stays as it is: a page's terminals all
/// together, since a later one may repeat an earlier one's digest, and each report.
fn write(repo: &Repo, sources: &[Source], played: &[Vec<Played>], reported: &[(ReportBlock, String)]) -> Result<u8> {
    for (source, played) in sources.iter().zip(played) {
        let mut changes = Vec::new();
        let unchanged = Summary::unchanged(source, played);
        for (console, played) in source.terminals().zip(played) {
            match played {
                Ok(_) if unchanged => {}
                Ok(outputs) => changes.push(page::change(console, outputs)),
                Err(reason) => println!("left:  book/{}:{}: this machine {reason}", source.name, console.line),
            }
        }
        let own = reported.iter().filter(|(place, _)| place.page == source.name);
        let own = own.filter(|(place, transcript)| place.difference(transcript).is_some());
        changes.extend(own.map(|(place, transcript)| place.change(transcript)));
        let text = page::changed(&source.text, changes);
        if text != source.text {
            files::write(&source.path, text)?;
            println!("wrote {}", repo.short(&source.path).display());
        }
    }
    Ok(0)
}

fn print(repo: &Repo, source: &Source) -> Result<()> {
    let played = page::here(repo, &Programs::built(repo), source, None)?;
    let mut changes = Vec::new();
    for (console, played) in source.terminals().zip(&played) {
        match played {
            Ok(outputs) => changes.push(page::change(console, outputs)),
            Err(reason) => return Err(Error::Failed(format!("line {}: it {reason}", console.line))),
        }
    }
    print!("{}", page::changed(&source.text, changes));
    Ok(())
}

fn print_report(repo: &Repo, words: &[String]) -> Result<u8> {
    let [id, name] = words else { return Err(Error::Usage("a report is on a chapter's stored solution".to_owned())) };
    let shown = if name == "solution" { Shown::Solution } else { Shown::Wrong(name.clone()) };
    print!("{}", mutants::report(repo, chapter(id)?, &shown, 0)?);
    Ok(0)
}
