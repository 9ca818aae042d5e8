//! Which steps of a chapter another step needs, found out by trying.
//!
//! A learner who begins with step 6 must read "waits for step 2" and not "not yet right",
//! also where the `todo!` of step 2 panicked in a process whose output nobody saw. So each
//! step in turn is taken out of the reference, and the steps that then fail need it. The
//! result is `xtask/course/needs.txt`, which `check` reads.

use std::time::Duration;

use course::{CHAPTERS, Chapter};

use xtask::check::grade::Options;
use xtask::check::judge::judge;
use xtask::check::status::{StepReport, StepStatus};
use xtask::error::{Error, Result};
use xtask::repo::{Repo, Tree};
use xtask::{files, starter};

use crate::copy::Copy;
use crate::parallel;
use crate::stage::Stage;

/// A step that hangs without another one need not be watched longer.
const TIME: Duration = Duration::from_secs(6);

/// Writes what the steps of these chapters need.
pub fn write(repo: &Repo, chapters: &[&'static Chapter]) -> Result<u8> {
    let path = repo.root().join("xtask/course/needs.txt");
    let mut lines: Vec<String> = files::read_if_present(&path)?.lines().map(str::to_owned).collect();
    for chapter in chapters {
        lines.retain(|line| !line.starts_with(&format!("{} ", chapter.id())));
        lines.extend(found(repo, chapter)?);
    }
    lines.sort();
    files::write(&path, lines.join("\n") + "\n")?;
    println!("wrote {}", repo.short(&path).display());
    Ok(0)
}

/// With only one step of a chapter written, that step passes or waits for others, and is
/// never called wrong.
pub fn alone(repo: &Repo) -> Result<Stage> {
    let steps: Vec<(&'static Chapter, usize)> =
        CHAPTERS.iter().flat_map(|chapter| (1..=chapter.steps.len()).map(move |step| (chapter, step))).collect();
    let faults = parallel::map(2, &steps, |slot, (chapter, step)| {
        let graded = graded_without(repo, chapter, slot, Some(*step), |other| other != *step)?;
        let called_wrong = graded.iter().any(|report| report.status == StepStatus::Wrong);
        Ok(called_wrong.then(|| format!("{} step {step}", chapter.id())))
    })?;
    let faults: Vec<String> = faults.into_iter().flatten().collect();
    if faults.is_empty() {
        return Ok(Stage::Passed(format!("{} steps, each without the others", steps.len())));
    }
    let remedy = "`cargo xtask mutants --needs CHAPTER` finds out which steps they need";
    Err(Error::Failed(format!("called wrong without the others: {}; {remedy}", faults.join(", "))))
}

/// A line for each step of a chapter that needs others: `ch2 step 6: 2 3`.
fn found(repo: &Repo, chapter: &'static Chapter) -> Result<Vec<String>> {
    let steps: Vec<usize> = (1..=chapter.steps.len()).collect();
    let failing = parallel::map(2, &steps, |slot, missing| failing_without(repo, chapter, *missing, slot))?;
    let lines = steps.iter().filter_map(|step| {
        let needed = steps.iter().zip(&failing).filter(|(_, failing)| failing.contains(step));
        let numbers: Vec<String> = needed.map(|(missing, _)| missing.to_string()).collect();
        (!numbers.is_empty()).then(|| format!("{} step {step}: {}", chapter.id(), numbers.join(" ")))
    });
    Ok(lines.collect())
}

/// The other steps of the reference that fail while one is not written.
fn failing_without(repo: &Repo, chapter: &'static Chapter, missing: usize, slot: usize) -> Result<Vec<usize>> {
    let steps = graded_without(repo, chapter, slot, None, |step| step == missing)?;
    let fails = |status: &StepStatus| !matches!(status, StepStatus::Passed | StepStatus::Unable(_));
    Ok(steps.iter().filter(|step| step.number != missing && fails(&step.status)).map(|step| step.number).collect())
}

/// Grades the reference, or one step of it, without the steps that are left out.
fn graded_without(
    repo: &Repo,
    chapter: &'static Chapter,
    slot: usize,
    step: Option<usize>,
    left_out: impl Fn(usize) -> bool,
) -> Result<Vec<StepReport>> {
    let copy = Copy::make(repo, chapter, slot, |directory| {
        let source = directory.join("src");
        files::list(&source)?.into_iter().try_for_each(|file| {
            let path = source.join(file);
            let text = starter::without(chapter, &files::read(&path)?, &left_out);
            files::write(&path, text.map_err(Error::Failed)?)
        })
    })?;
    let options = Options { step, time: Some(TIME), ..Options::default() };
    judge(&copy.repo, chapter, Tree::Solutions, &options)?.steps.map_err(Error::Failed)
}
