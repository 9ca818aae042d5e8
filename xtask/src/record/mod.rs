//! `cargo xtask book record`: what the book's pages show of terminals, run again.
//!
//! A page's blocks are played in order, in one sandbox ([`page`]), and the reports of
//! checks are those of the stored solutions that they name ([`reports`]). Then the
//! page is written anew; or, with `--check`, compared ([`normal`], [`differ`]).

mod differ;
mod normal;
mod page;
pub mod reports;

mod summary;

use std::ffi::OsString;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use course::{CHAPTERS, Chapter};
use pages::Shown;

use crate::error::{Error, Result};
use crate::sync::put;
use crate::terminal::Programs;
use crate::terminal::machine::{UNIFIED, lack};
use crate::tree::{Tree, chapter};

use page::{Played, Source};
use reports::Place;
use summary::Summary;

const USAGE: &str = "say `cargo xtask book record [--check] [PAGE]…`, with pages such as ch3";

/// What the command line asks for.
#[derive(Default)]
struct Request {
    check: bool,
    /// Print the page instead of writing it: what the virtual machine is asked for.
    print: bool,
    /// Print the report on a stored solution: what a demo asks for.
    report: bool,
    words: Vec<String>,
}

/// Arguments that make the harness print the report on a stored solution.
pub fn report_arguments(chapter: &Chapter, shown: &Shown) -> Vec<String> {
    let name = if let Shown::Wrong(name) = shown { name } else { "solution" };
    ["book", "record", "--report", &chapter.id(), name].map(str::to_owned).to_vec()
}

/// Does what the words after `book record` say.
pub fn run(tree: &Tree, words: &[OsString]) -> Result<u8> {
    let request = request(words)?;
    if request.report {
        return print_report(tree, &request.words);
    }
    let sources = sources(tree, &request.words)?;
    if request.print {
        return sources.iter().try_for_each(|source| print(tree, source)).map(|()| 0);
    }
    let (played, reported) = (play_all(tree, &sources)?, report_all(tree, &sources)?);
    if !request.check {
        return write(tree, &sources, &played, &reported);
    }
    let mut summary = Summary::of_terminals(&sources, &played);
    summary.add_reports(&sources, &reported)?;
    if request.words.is_empty() {
        summary.add_idle_rules(&sources);
    }
    let (words, skipped) = summary.verdict()?;
    println!("{words}");
    skipped.iter().for_each(|line| println!("skipped: {line}"));
    Ok(0)
}

/// The terminals of every page, compared; the reports are left to the stages that
/// grade the solutions. What it came to, and why some were left out.
pub fn check_terminals(tree: &Tree) -> Result<(String, Vec<String>)> {
    let sources = sources(tree, &[])?;
    let mut summary = Summary::of_terminals(&sources, &play_all(tree, &sources)?);
    summary.add_idle_rules(&sources);
    summary.verdict()
}

fn request(words: &[OsString]) -> Result<Request> {
    let mut request = Request::default();
    for word in words {
        match word.to_str() {
            Some("--check") => request.check = true,
            Some("--print") => request.print = true,
            Some("--report") => request.report = true,
            Some(word) if !word.starts_with('-') => request.words.push(word.to_owned()),
            _ => return Err(Error::Usage(format!("'{}' is no word for this; {USAGE}", word.display()))),
        }
    }
    Ok(request)
}

/// The named pages, or every page that shows a terminal or a report.
fn sources(tree: &Tree, names: &[String]) -> Result<Vec<Source>> {
    let book = tree.root().join("book");
    if !names.is_empty() {
        return names.iter().map(|name| Source::read(tree, &file_name(tree, name)?)).collect();
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(&book).map_err(Error::file("read", &book))? {
        let name = entry.map_err(Error::file("read", &book))?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".md") {
            found.push(Source::read(tree, &name)?);
        }
    }
    found.retain(|source| source.page.consoles().next().is_some() || source.page.reports().next().is_some());
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// A page may be named as its chapter or as its file.
fn file_name(tree: &Tree, name: &str) -> Result<String> {
    let bare = name.trim_start_matches("book/");
    let file = if bare.ends_with(".md") { bare.to_owned() } else { format!("{bare}.md") };
    if tree.root().join("book").join(&file).is_file() {
        return Ok(file);
    }
    let chapter = chapter(name).map_err(|_| Error::Usage(format!("there is no page '{name}'; {USAGE}")))?;
    Ok(chapter.page())
}

/// Plays every page, as many at a time as there are processors. Those that take the
/// virtual machine come first, since they take longest.
fn play_all(tree: &Tree, sources: &[Source]) -> Result<Vec<Vec<Played>>> {
    let programs = Programs::build(tree)?;
    let mut order: Vec<usize> = (0..sources.len()).filter(|at| sources[*at].terminals().next().is_some()).collect();
    let unified =
        |source: &Source| source.terminals().any(|console| console.attributes.needs.iter().any(|need| need == UNIFIED));
    order.sort_by_key(|at| !unified(&sources[*at]));
    let mut played: Vec<Vec<Played>> = sources.iter().map(|_| Vec::new()).collect();
    for (at, result) in at_once(&order, |_, at| page::play(tree, &programs, &sources[*at]))?.into_iter() {
        played[*at] = result;
    }
    Ok(played)
}

/// Grades the stored solutions that pages show, each once for each place.
fn report_all(tree: &Tree, sources: &[Source]) -> Result<Vec<(Place, String)>> {
    let mut wanted = Vec::new();
    for source in sources {
        for place in reports::places(source)?.into_iter().filter(|place| lack(&place.attributes).is_none()) {
            let of = CHAPTERS.iter().find(|chapter| chapter.page() == source.name);
            let stray = || Error::Failed(format!("book/{}:{}: only a chapter has solutions", place.page, place.line));
            wanted.push((of.ok_or_else(stray)?, place));
        }
    }
    let transcripts = at_once(&wanted, |desk, (chapter, place)| reports::made(tree, chapter, place.shown(), desk))?;
    let transcripts: Vec<String> = transcripts.into_iter().map(|(_, transcript)| transcript).collect();
    Ok(wanted.into_iter().map(|(_, place)| place).zip(transcripts).collect())
}

/// Does `work` for each item, on as many desks as there are processors. The results
/// are in the order of the items; the first error is the result of all.
fn at_once<T: Sync, R: Send>(items: &[T], work: impl Fn(usize, &T) -> Result<R> + Sync) -> Result<Vec<(&T, R)>> {
    let next = AtomicUsize::new(0);
    let desk = |desk: usize| -> Result<Vec<(usize, R)>> {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return Ok(done) };
            done.push((at, work(desk, item)?));
        }
    };
    let desks = thread::available_parallelism().map_or(1, usize::from);
    let results: Vec<_> = thread::scope(|scope| {
        let started: Vec<_> = (0..desks).map(|number| scope.spawn(move || desk(number))).collect();
        started.into_iter().map(|started| started.join()).collect()
    });
    let mut all = Vec::new();
    for result in results {
        all.extend(result.map_err(|_| Error::Failed("a desk ended in a panic".to_owned()))??);
    }
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(at, result)| (&items[at], result)).collect())
}

/// Writes every page with what came out, and says what changed and what was left.
///
/// Where only what varies has changed, the page stays as it is: a page's terminals all
/// together, since a later one may repeat an earlier one's digest, and each report.
fn write(tree: &Tree, sources: &[Source], played: &[Vec<Played>], reported: &[(Place, String)]) -> Result<u8> {
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
            put(&source.path, text)?;
            println!("wrote {}", tree.short(&source.path).display());
        }
    }
    Ok(0)
}

fn print(tree: &Tree, source: &Source) -> Result<()> {
    let played = page::here(tree, &Programs::built(tree), source)?;
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

fn print_report(tree: &Tree, words: &[String]) -> Result<u8> {
    let [id, name] = words else { return Err(Error::Usage("a report is on a chapter's stored solution".to_owned())) };
    let shown = if name == "solution" { Shown::Solution } else { Shown::Wrong(name.clone()) };
    print!("{}", reports::made(tree, chapter(id)?, &shown, 0)?);
    Ok(0)
}
