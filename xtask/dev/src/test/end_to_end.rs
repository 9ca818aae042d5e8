//! From a fresh clone to the whole workshop.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use course::{CHAPTERS, Chapter};

use crate::copy::share_compiled;
use crate::stage::Stage;
use crate::stage::quiet;
use xtask::check::grade::Options;
use xtask::check::judge::{details, judge, judge_and_remember};
use xtask::check::status::{StepReport, StepStatus};
use xtask::error::{Error, Result};
use xtask::galley::{Choice, Galley};
use xtask::progress::{Progress, Status};
use xtask::repo::{HARNESS, Repo, Tree};
use xtask::{files, starter};

/// Lets `work` have a copy of the repository as it is on a fresh clone, below `target/tmp`.
fn on_copy(repo: &Repo, name: &str, work: impl FnOnce(&Repo) -> Result<Stage>) -> Result<Stage> {
    let root = repo.target().join("tmp").join(name);
    let result = copied(repo, &root).and_then(|copy| work(&copy));
    files::remove(&root)?;
    result
}

fn copied(repo: &Repo, root: &Path) -> Result<Repo> {
    files::create_dir(root)?;
    for name in ["Cargo.toml", "Cargo.lock", "exercises", "solutions", "xtask"] {
        quiet(Command::new("cp").args(["--archive", "--reflink=auto"]).arg(repo.root().join(name)).arg(root))?;
    }
    // The shared target directory must not take this copy for the original.
    let manifest = root.join("Cargo.toml");
    files::write(&manifest, files::read(&manifest)?.replace("version = \"0.1.0\"", "version = \"0.1.1\""))?;
    share_compiled(repo, root)?;
    let copy = Repo::at(root);
    CHAPTERS.iter().try_for_each(|chapter| put_starter(&copy, chapter))?;
    Ok(copy)
}

/// Where a learner begins with a chapter, its solution passes without any other's.
pub fn any_chapter_first(repo: &Repo) -> Result<Stage> {
    on_copy(repo, "newcomer", |copy| {
        for chapter in CHAPTERS {
            quiet(harness(copy).args(["start", &chapter.id()]))?;
            take_reference(copy, chapter)?;
            let graded = judge(copy, chapter, Tree::Exercises, &Options::default())?;
            let unable = |report: &StepReport| matches!(report.status, StepStatus::Unable(_));
            if !graded.steps.iter().flatten().all(|report| report.passed() || unable(report)) || graded.steps.is_err() {
                let words = graded.steps.as_ref().err().cloned().unwrap_or_else(|| details(&graded));
                return Err(Error::Failed(format!("{} alone does not pass\n{words}", chapter.id())));
            }
            put_starter(copy, chapter)?;
        }
        Ok(Stage::Passed(format!("{} chapters, each without the others", CHAPTERS.len())))
    })
}

fn put_starter(copy: &Repo, chapter: &Chapter) -> Result<()> {
    files::remove(&copy.source(Tree::Exercises, chapter))?;
    starter::of(copy, chapter)?.iter().try_for_each(|(path, text)| files::write(path, text))
}

/// The harness's own command line, as if cargo ran it in the copy.
fn harness(copy: &Repo) -> Command {
    let mut command = Command::new(HARNESS);
    command.arg("xtask").env("CARGO_MANIFEST_DIR", copy.root().join("xtask")).current_dir(copy.root());
    command
}

/// galley is assembled from what is passed: nothing, chapter 1, and everything.
pub fn assembled(repo: &Repo) -> Result<Stage> {
    on_copy(repo, "learner", |copy| assemblies(repo, copy))
}

fn assemblies(repo: &Repo, copy: &Repo) -> Result<Stage> {
    expect(&Galley::build(copy, Choice::Passed, false)?.whose(), "yours: none; the reference: ch1")?;

    let first = &CHAPTERS[0];
    take_reference(copy, first)?;
    let graded = judge_and_remember(copy, first, Tree::Exercises, &Options::default())?;
    if !graded.passed() {
        return Err(Error::Failed(format!("the copied solution does not pass\n{}", details(&graded))));
    }
    expect(&Galley::build(copy, Choice::Passed, false)?.whose(), "yours: ch1; the reference: ch2")?;
    ending(repo, copy)?;
    Ok(Stage::Passed("nothing, chapter 1, and everything of the learner, which then plays the workshop".to_owned()))
}

/// With every chapter passed, `check` plays the workshop on the learner's own code.
fn ending(repo: &Repo, copy: &Repo) -> Result<()> {
    let pantry = repo.target().join("pantry");
    symlink(&pantry, copy.target().join("pantry")).map_err(Error::file("link", &pantry))?;
    // All but the first count as passed: that they pass is seen elsewhere.
    for chapter in &CHAPTERS[1..] {
        take_reference(copy, chapter)?;
        Progress::load(copy)?.remember(copy, chapter, Status::Passed, None)?;
    }
    let edited = copy.chapter(Tree::Exercises, &CHAPTERS[0]).join("src/lib.rs");
    let text = files::read(&edited)?;
    files::write(&edited, text + "// The learner's.\n")?;
    let output = quiet(harness(copy).arg("check"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let all = CHAPTERS.iter().map(Chapter::id).collect::<Vec<_>>().join(" ");
    for words in [
        "Every chapter is passed.",
        &format!("galley, yours: {all}; the reference: none"),
        "The digest pulled is the digest pushed, and the page was served before and after:",
        "Every part of it is yours.",
    ] {
        if !said.contains(words) {
            return Err(Error::Failed(format!("the graded ending does not say '{words}':\n{said}")));
        }
    }
    Ok(())
}

/// The reference's code as the learner's.
fn take_reference(copy: &Repo, chapter: &Chapter) -> Result<()> {
    let own = copy.source(Tree::Exercises, chapter);
    files::remove(&own)?;
    files::copy_dir(&copy.source(Tree::Solutions, chapter), &own)
}

fn expect(whose: &str, start: &str) -> Result<()> {
    if whose.starts_with(start) {
        return Ok(());
    }
    Err(Error::Failed(format!("galley is assembled from '{whose}', and should begin with '{start}'")))
}

/// The demo, in a process of its own as a newcomer starts it.
pub fn demo(_tree: &Repo) -> Result<Stage> {
    let harness = Path::new(HARNESS);
    let output = quiet(Command::new(harness).args(["demo", "--auto"]))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = text.lines().rev().find(|line| line.trim().starts_with("sha256:")).map(str::trim).unwrap_or_default();
    Ok(Stage::Passed(format!("pulled what was pushed, {last}")))
}
