//! `cargo xtask check`: grades a chapter's code against its checks.
//!
//! Reading order: [`compile`] builds the crate and its checks once, [`grade`]
//! runs every check in a sandbox of its own, [`report`] says what came out.

pub mod compile;
mod finding;
mod grade;
mod order;
mod report;

use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use course::{CHAPTERS, Chapter};

use crate::error::{Error, Result};
use crate::handover;
use crate::progress::{Progress, Standing};
use crate::shipped;
use crate::tree::{Side, Tree, files};

use grade::grade;

pub use grade::{Outcome, Verdict};
pub use report::{Status, StepReport, transcript};

/// What to grade.
pub struct Request {
    pub chapters: Vec<&'static Chapter>,
    /// Only this step, by its number from 1.
    pub step: Option<usize>,
    pub side: Side,
    pub json: bool,
    /// How long one check may take, if not as long as usual.
    pub time: Option<Duration>,
    /// Run the checks as this user; only root can.
    pub user: Option<u32>,
}

/// How to grade, where it is not as usual.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    /// Only this step's checks.
    pub step: Option<usize>,
    /// Run them as this user; only root can.
    pub user: Option<u32>,
    /// Begin no check once one has found a fault: the report shows the first alone.
    pub to_first_fault: bool,
    /// Put this in the place of the chapter's program.
    pub program: Option<PathBuf>,
    /// How long one check may take, if not as long as usual.
    pub time: Option<Duration>,
}

/// What became of one chapter.
pub struct Graded {
    pub chapter: &'static Chapter,
    /// `Err` holds rustc's own words.
    pub steps: std::result::Result<Vec<StepReport>, String>,
}

impl Graded {
    pub fn passed(&self) -> bool {
        self.steps.as_ref().is_ok_and(|steps| steps.iter().all(StepReport::passed))
    }

    /// A `1` for each step that is passed, a `0` for each other.
    fn marks(&self) -> Option<String> {
        let steps = self.steps.as_ref().ok()?;
        Some(steps.iter().map(|step| if step.passed() { '1' } else { '0' }).collect())
    }

    fn is_wrong(&self) -> bool {
        self.steps.as_ref().is_ok_and(|steps| steps.iter().any(|step| step.status == Status::Wrong))
    }

    /// Whether nothing but this machine stands in the way.
    fn unable(&self) -> bool {
        let able = |step: &StepReport| !step.passed() && !matches!(step.status, Status::Unable(_));
        !self.passed() && self.steps.as_ref().is_ok_and(|steps| !steps.iter().any(able))
    }
}

/// 0 passed, 1 not yet, 3 where only this machine's lacks are in the way.
fn code(all: &[Graded]) -> u8 {
    if all.iter().all(Graded::passed) {
        0
    } else if all.iter().all(|graded| graded.passed() || graded.unable()) {
        3
    } else {
        1
    }
}

/// Grades, prints, and remembers what was passed; returns the exit code.
pub fn run(tree: &Tree, request: &Request) -> Result<u8> {
    if !request.json {
        return show(tree, request);
    }
    let result = request.chapters.iter().map(|chapter| grade_one(tree, chapter, request)).collect();
    println!("{}", report::json(tree, &result, request.side)?);
    result.map(|all: Vec<Graded>| code(&all))
}

fn show(tree: &Tree, request: &Request) -> Result<u8> {
    let before = handover::passed(tree)?;
    let mut all = Vec::new();
    for chapter in &request.chapters {
        report::heading(chapter, request.side);
        let graded = grade_one(tree, chapter, request)?;
        report::print(tree, &graded, request);
        report::print_edited(&shipped::edited(tree, chapter)?);
        all.push(graded);
    }
    // A fault that is shown leaves no room on the screen.
    let more = handover::passed(tree)? > before && !all.iter().any(Graded::is_wrong);
    if more && let Some(link) = handover::link(tree)? {
        println!("book:  {link}");
    }
    Ok(code(&all))
}

fn grade_one(tree: &Tree, chapter: &'static Chapter, request: &Request) -> Result<Graded> {
    one(
        tree,
        chapter,
        request.side,
        &Trial { step: request.step, time: request.time, user: request.user, ..Trial::default() },
    )
}

/// Grades one chapter; a whole chapter of the learner's is remembered.
pub fn one(tree: &Tree, chapter: &'static Chapter, side: Side, trial: &Trial) -> Result<Graded> {
    let graded = judge(tree, chapter, side, trial)?;
    if side == Side::Mine && trial.step.is_none() {
        let standing = if graded.passed() { Standing::Passed } else { Standing::NotYet };
        Progress::load(tree)?.remember(tree, chapter, standing, graded.marks())?;
    }
    Ok(graded)
}

/// Grades one chapter and remembers nothing.
pub fn judge(tree: &Tree, chapter: &'static Chapter, side: Side, trial: &Trial) -> Result<Graded> {
    let steps = match compile::chapter(tree, chapter, side)? {
        Ok(mut built) => {
            if let Some(program) = &trial.program {
                built.program.clone_from(program);
            }
            let unwritten = unwritten(&tree.chapter(side, chapter).join("src"), chapter)?;
            Ok(report::by_step(chapter, trial.step, &grade(&built, trial)?, &unwritten))
        }
        Err(words) => Err(words),
    };
    Ok(Graded { chapter, steps })
}

/// The steps whose `todo!` still stands in the source.
fn unwritten(source: &Path, chapter: &Chapter) -> Result<Vec<usize>> {
    let mut found = Vec::new();
    for file in files(source)? {
        let path = source.join(file);
        let text = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
        found.extend((1..=chapter.steps.len()).filter(|number| {
            let mark = format!("todo!(\"{} step {number}:", chapter.id());
            text.lines().any(|line| line.trim_start().starts_with(&mark))
        }));
    }
    Ok(found)
}

/// Everything that the failed checks of a chapter said.
pub fn details(graded: &Graded) -> String {
    let Ok(steps) = &graded.steps else { return String::new() };
    let faults = steps.iter().flat_map(|step| &step.outcomes).filter(|outcome| outcome.verdict != Verdict::Passed);
    faults.map(|outcome| format!("  {}: {}\n", outcome.name, report::fault_lines(outcome).join("\n    "))).collect()
}

/// The chapters that `ch3`, `ch2..ch4` or nothing stand for: without a name, the
/// first that is not passed.
pub fn chapters(tree: &Tree, name: Option<&str>) -> Result<Vec<&'static Chapter>> {
    match name {
        None => Ok(match first_to_pass(tree)? {
            Some(chapter) => vec![chapter],
            None => CHAPTERS.iter().collect(),
        }),
        Some(range) => match range.split_once("..") {
            None => Ok(vec![crate::tree::chapter(range)?]),
            Some((first, last)) => {
                let (first, last) = (crate::tree::chapter(first)?, crate::tree::chapter(last)?);
                if first.number > last.number {
                    return Err(Error::Usage(format!("'{range}' is empty: write the smaller chapter first")));
                }
                Ok(CHAPTERS[first.number - 1..last.number].iter().collect())
            }
        },
    }
}

/// The first chapter that is not passed as it stands now.
fn first_to_pass(tree: &Tree) -> Result<Option<&'static Chapter>> {
    let progress = Progress::load(tree)?;
    for chapter in CHAPTERS {
        if progress.standing(tree, chapter)? != Some(Standing::Passed) {
            return Ok(Some(chapter));
        }
    }
    Ok(None)
}

pub fn all_passed(tree: &Tree) -> Result<bool> {
    Ok(first_to_pass(tree)?.is_none())
}

/// Colors only on a terminal, and never where `NO_COLOR` is set (no-color.org).
pub fn colored() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graded(statuses: &[Status]) -> Graded {
        let steps = statuses.iter().enumerate().map(|(index, status)| StepReport {
            number: index + 1,
            goal: "",
            function: "",
            status: status.clone(),
            outcomes: Vec::new(),
        });
        Graded { chapter: &CHAPTERS[0], steps: Ok(steps.collect()) }
    }

    #[test]
    fn a_lack_of_the_machine_is_no_failure_and_no_pass() {
        let unable = || Status::Unable("no control groups".to_owned());
        assert_eq!(code(&[graded(&[Status::Passed])]), 0);
        assert_eq!(code(&[graded(&[Status::Passed, unable()])]), 3);
        assert_eq!(code(&[graded(&[Status::Passed]), graded(&[unable()])]), 3);
        assert_eq!(code(&[graded(&[unable(), Status::Wrong])]), 1);
        assert_eq!(code(&[graded(&[unable()]), graded(&[Status::ToDo])]), 1);
        let words = Graded { chapter: &CHAPTERS[0], steps: Err("error[E0308]".to_owned()) };
        assert_eq!(code(&[words]), 1);
    }
}
