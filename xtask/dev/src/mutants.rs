//! Stored solutions that differ from the reference. The checks must reject the wrong ones at
//! their step and name the cause, and accept the right ones, which are written by other means.
//!
//! Each is a patch in `solutions/chN-name/wrong/` or `…/other/`. A wrong one is
//! called `stepN-fault.patch` and begins with the line `expect: ` and words that
//! the report must contain. A line `root: ` after that says why only root's checks
//! can tell it from a right one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use course::{CHAPTERS, Chapter};
use pages::Shown;

use xtask::check::grade::Options;
use xtask::check::judge::{details, judge};
use xtask::check::status::{Graded, StepStatus};
use xtask::error::{Error, Result};
use xtask::files;
use xtask::repo::{Repo, Tree};

use crate::copy::Copy;
use crate::parallel;
use crate::record::reports;
use crate::stage::{Stage, quiet};

/// One stored solution.
struct Variant {
    chapter: &'static Chapter,
    patch: PathBuf,
    wrong: bool,
}

impl Variant {
    /// The step that a wrong one fails at, from its name.
    fn step(&self) -> Option<usize> {
        if self.wrong { step_of(self.patch.file_stem()?.to_str()?) } else { None }
    }
}

/// How many wrong solutions a step's checks must have been tried with.
const WRONG_FOR_EACH_STEP: usize = 3;

/// Judges every variant.
pub fn judged(repo: &Repo) -> Result<Stage> {
    let variants = variants(repo)?;
    enough(&variants)?;
    judge_all(repo, &variants)
}

/// Judges those of one chapter, or of one of its steps, and says what came out.
pub fn run(repo: &Repo, chapter: &'static Chapter, step: Option<usize>) -> Result<u8> {
    let mut variants = variants(repo)?;
    variants.retain(|variant| variant.chapter.number == chapter.number && (step.is_none() || variant.step() == step));
    match judge_all(repo, &variants)? {
        Stage::Passed(words) | Stage::Skipped(words) => println!("{words}"),
        Stage::Partly(words, reasons) => println!("{words}\n{}", reasons.join("\n")),
    }
    Ok(0)
}

/// Two threads for each processor: only one solution compiles at a time, and the checks of
/// the others, which often wait, run meanwhile.
fn judge_all(repo: &Repo, variants: &[Variant]) -> Result<Stage> {
    let judgements = parallel::map(2, variants, |slot, variant| try_out(repo, variant, slot))?;
    let (mut faults, mut unable) = (Vec::new(), BTreeMap::<String, usize>::new());
    for (variant, judgement) in variants.iter().zip(judgements) {
        match judgement {
            Judgement::AsItShould => {}
            Judgement::Unable(reason) => *unable.entry(reason).or_default() += 1,
            Judgement::Fault(fault) => faults.push(format!("  {}: {fault}", repo.short(&variant.patch).display())),
        }
    }
    if !faults.is_empty() {
        return Err(Error::Failed(faults.join("\n")));
    }
    let wrong = variants.iter().filter(|variant| variant.wrong).count();
    let words = format!("{wrong} wrong ones, {} by other means", variants.len() - wrong);
    let unable = unable.iter().map(|(reason, count)| format!("{count} of those: {reason}")).collect();
    Ok(Stage::of((words, unable)))
}

fn variants(repo: &Repo) -> Result<Vec<Variant>> {
    let mut found = Vec::new();
    for chapter in CHAPTERS {
        for (kind, wrong) in [("wrong", true), ("other", false)] {
            let patches = patches(&repo.chapter(Tree::Solutions, chapter).join(kind))?;
            found.extend(patches.into_iter().map(|patch| Variant { chapter, patch, wrong }));
        }
    }
    Ok(found)
}

/// Fails where a step or a chapter has fewer than the course promises.
fn enough(variants: &[Variant]) -> Result<()> {
    let mut lacks = Vec::new();
    for chapter in CHAPTERS {
        let of = |wrong| {
            variants.iter().filter(move |variant| variant.chapter.number == chapter.number && variant.wrong == wrong)
        };
        for step in 1..=chapter.steps.len() {
            let stored = of(true).filter(|variant| variant.step() == Some(step)).count();
            if stored < WRONG_FOR_EACH_STEP {
                lacks.push(format!(
                    "{} step {step} has {stored} wrong solutions, not {WRONG_FOR_EACH_STEP}",
                    chapter.id()
                ));
            }
        }
        if of(false).next().is_none() {
            lacks.push(format!("{} has no solution by other means", chapter.id()));
        }
    }
    if lacks.is_empty() { Ok(()) } else { Err(Error::Failed(lacks.join("\n"))) }
}

fn patches(directory: &Path) -> Result<Vec<PathBuf>> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    Ok(files::list(directory)?.into_iter().map(|file| directory.join(file)).collect())
}

enum Judgement {
    /// Rejected with the cause named, or accepted.
    AsItShould,
    /// The machine cannot tell, for this reason.
    Unable(String),
    Fault(String),
}

fn try_out(repo: &Repo, variant: &Variant, slot: usize) -> Result<Judgement> {
    let Variant { chapter, patch, wrong } = variant;
    let copy = Copy::make(repo, chapter, slot, |directory| apply(patch, directory))?;
    let step = variant.step();
    let trial = Options { step, to_first_fault: *wrong, ..Options::default() };
    let graded = judge(&copy.repo, chapter, Tree::Solutions, &trial)?;
    let steps = match &graded.steps {
        Ok(steps) => steps,
        Err(words) => return Ok(Judgement::Fault(format!("does not compile\n{words}"))),
    };
    // If a step could not be checked here, that says nothing about the solution.
    let root = nix::unistd::geteuid().is_root();
    let unable = steps.iter().find_map(|step| match &step.status {
        // With root, everything must be seen.
        StepStatus::Unable(reason) if root => Some(Judgement::Fault(format!("cannot be judged: {reason}"))),
        StepStatus::Unable(reason) => Some(Judgement::Unable(reason.clone())),
        _ => None,
    });
    if !*wrong {
        let accepted = steps.iter().all(|step| matches!(step.status, StepStatus::Passed | StepStatus::Unable(_)));
        let refused = || Judgement::Fault(format!("is not accepted\n{}", details(&graded)));
        return Ok(if accepted { unable.unwrap_or(Judgement::AsItShould) } else { refused() });
    }
    if let Some(unable) = unable {
        return Ok(unable);
    }
    if let (false, Some(reason)) = (root, header(patch, "root: ")?) {
        return Ok(Judgement::Unable(reason));
    }
    // What the learner sees: of the checks of a step, the first that fails.
    let shown = reports::transcript(&copy.repo, &graded, step);
    if let Some(fault) = unnamed(&graded, step, patch, &shown)? {
        return Ok(Judgement::Fault(fault));
    }
    let name = patch.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let differences = reports::differences(repo, chapter, &Shown::Wrong(name), &shown)?;
    Ok(differences.map_or(Judgement::AsItShould, Judgement::Fault))
}

/// Why a verdict does not reject a wrong solution at its step, or why the report that is `shown`
/// does not name the cause; `None` if it does both.
fn unnamed(graded: &Graded, step: Option<usize>, patch: &Path, shown: &str) -> Result<Option<String>> {
    let Some(step) = step else { return Ok(Some("its name must begin with stepN-".to_owned())) };
    let report = graded.steps.iter().flatten().find(|report| report.number == step);
    let Some(report) = report else {
        return Ok(Some(format!("there is no step {step}")));
    };
    if report.status != StepStatus::Wrong {
        return Ok(Some(format!("is not rejected at step {step}: {:?}", report.status)));
    }
    let expected = header(patch, "expect: ")?.unwrap_or_default();
    let named = !expected.is_empty() && shown.contains(&expected);
    Ok((!named).then(|| format!("the report does not say '{expected}':\n{shown}")))
}

/// A header of a patch, above the changes: the rest of the line that begins with `key`.
fn header(patch: &Path, key: &str) -> Result<Option<String>> {
    let text = files::read(patch)?;
    let mut lines = text.lines().take_while(|line| !line.starts_with("--- "));
    Ok(lines.find_map(|line| line.strip_prefix(key)).map(str::to_owned))
}

/// Grades a stored solution on one of the slots, and returns its report for the book.
pub fn report(repo: &Repo, chapter: &'static Chapter, shown: &Shown, slot: usize) -> Result<String> {
    let Shown::Wrong(name) = shown else {
        let graded = judge(repo, chapter, Tree::Solutions, &Options::default())?;
        return Ok(reports::transcript(repo, &graded, None));
    };
    let patch = repo.chapter(Tree::Solutions, chapter).join("wrong").join(format!("{name}.patch"));
    let step = step_of(name);
    let copy = Copy::make(repo, chapter, slot, |directory| apply(&patch, directory))?;
    let graded = judge(&copy.repo, chapter, Tree::Solutions, &Options { step, ..Options::default() })?;
    Ok(reports::transcript(&copy.repo, &graded, step))
}

fn apply(patch: &Path, directory: &Path) -> Result<()> {
    let mut command = Command::new("patch");
    quiet(command.args(["--quiet", "-p1", "--directory"]).arg(directory).arg("--input").arg(patch)).map(drop)
}

/// The step that a wrong solution's name begins with.
fn step_of(name: &str) -> Option<usize> {
    name.strip_prefix("step")?.split('-').next()?.parse().ok()
}
