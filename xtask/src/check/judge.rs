//! Compiles and grades one chapter, together with the chapters that it depends on.

use std::path::Path;

use course::{CHAPTERS, Chapter};

use super::compile::{self, Built};
use super::grade::{Options, Verdict, grade};
use super::report::fault_lines;
use super::status::{Graded, Steps, by_step};
use crate::assembly::{Assembly, lower_chapters};
use crate::error::Result;
use crate::files;
use crate::progress::{Progress, Status, is_starter};
use crate::repo::{Repo, Tree};

/// Grades one chapter and remembers nothing.
pub fn judge(repo: &Repo, chapter: &'static Chapter, tree: Tree, options: &Options) -> Result<Graded> {
    let assembly = match tree {
        Tree::Exercises => base(repo, chapter)?,
        Tree::Solutions => Assembly::all(tree),
    };
    let steps = match compile::chapter(repo, chapter, &assembly)? {
        Ok(built) => {
            let built = Built { program: options.program.clone().unwrap_or(built.program), ..built };
            let known =
                Steps { unwritten: unwritten(&repo.source(tree, chapter), chapter)?, needs: needs(repo, chapter)? };
            Ok(by_step(chapter, options.step, &grade(&built, options)?, &known))
        }
        Err(words) => Err(words),
    };
    Ok(Graded { chapter, steps })
}

/// Grades one chapter. The result for a whole chapter of the learner's is remembered.
pub fn judge_and_remember(repo: &Repo, chapter: &'static Chapter, tree: Tree, options: &Options) -> Result<Graded> {
    let graded = judge(repo, chapter, tree, options)?;
    if tree == Tree::Exercises && options.step.is_none() {
        let status = if graded.passed() { Status::Passed } else { Status::NotYet };
        Progress::load(repo)?.remember(repo, chapter, status, graded.marks())?;
    }
    Ok(graded)
}

/// What a check of a chapter is built on: that chapter from `exercises/`, and each lower
/// one too if it is passed.
fn base(repo: &Repo, chapter: &Chapter) -> Result<Assembly> {
    let lower = lower_chapters(repo, chapter)?;
    Assembly::choose(|other| {
        let borrowed = lower.iter().any(|one| one.number == other.number) && !is_passed(repo, other)?;
        Ok(if borrowed { Tree::Solutions } else { Tree::Exercises })
    })
}

/// Whether a chapter is passed as it stands now. One that was edited since it was last
/// graded is graded here, so that the answer is never an old one.
pub fn is_passed(repo: &Repo, chapter: &'static Chapter) -> Result<bool> {
    if let Some(status) = Progress::load(repo)?.status(repo, chapter)? {
        return Ok(status == Status::Passed);
    }
    if is_starter(repo, chapter)? {
        return Ok(false);
    }
    eprintln!("{} was edited since it was last checked; checking it", chapter.id());
    Ok(judge_and_remember(repo, chapter, Tree::Exercises, &Options::default())?.passed())
}

/// The first chapter that is not passed as it stands now.
pub fn first_to_pass(repo: &Repo) -> Result<Option<&'static Chapter>> {
    let progress = Progress::load(repo)?;
    for chapter in CHAPTERS {
        if progress.status(repo, chapter)? != Some(Status::Passed) {
            return Ok(Some(chapter));
        }
    }
    Ok(None)
}

/// The steps whose `todo!` is still in the source.
fn unwritten(source: &Path, chapter: &Chapter) -> Result<Vec<usize>> {
    let mut found = Vec::new();
    for file in files::list(source)? {
        let text = files::read(&source.join(file))?;
        found.extend((1..=chapter.steps.len()).filter(|number| {
            let mark = format!("todo!(\"{} step {number}:", chapter.id());
            text.lines().any(|line| line.trim_start().starts_with(&mark))
        }));
    }
    Ok(found)
}

/// For each step of a chapter the steps without which it cannot pass. The list is
/// found out by trying: see `cargo xtask mutants --needs`.
pub fn needs(repo: &Repo, chapter: &Chapter) -> Result<Vec<Vec<usize>>> {
    let text = files::read_if_present(&repo.root().join("xtask/course/needs.txt"))?;
    let mut needs = vec![Vec::new(); chapter.steps.len()];
    for line in text.lines() {
        // `ch2 step 6: 2 3`
        let Some((step, others)) =
            line.strip_prefix(&format!("{} step ", chapter.id())).and_then(|line| line.split_once(':'))
        else {
            continue;
        };
        let step = step.parse::<usize>().ok().and_then(|step| needs.get_mut(step.checked_sub(1)?));
        if let Some(step) = step {
            *step = others.split_whitespace().filter_map(|other| other.parse().ok()).collect();
        }
    }
    Ok(needs)
}

/// Everything that the failed checks of a chapter printed.
pub fn details(graded: &Graded) -> String {
    let Ok(steps) = &graded.steps else { return String::new() };
    let faults = steps.iter().flat_map(|step| &step.outcomes).filter(|outcome| outcome.verdict != Verdict::Passed);
    faults.map(|outcome| format!("  {}: {}\n", outcome.name, fault_lines(outcome).join("\n    "))).collect()
}
