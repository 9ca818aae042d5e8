//! The whole road: assembling galley, and the workshop's demo.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use course::{CHAPTERS, Chapter};

use crate::mutants::share_compiled;
use crate::stage::Stage;
use crate::stage::quiet;
use xtask::check::grade::Options;
use xtask::check::judge::{details, judge_and_remember};
use xtask::error::{Error, Result};
use xtask::files;
use xtask::galley::{Choice, Galley};
use xtask::progress::{Progress, Status};
use xtask::repo::{HARNESS, Repo, Tree};

/// On a copy of the learner's tree: first nothing is passed, then chapter 1 is.
pub fn assembled(repo: &Repo) -> Result<Stage> {
    let root = repo.target().join("tmp/learner");
    let result = in_copy(repo, &root);
    fs::remove_dir_all(&root).map_err(Error::file("remove", &root))?;
    result
}

fn in_copy(repo: &Repo, root: &Path) -> Result<Stage> {
    fs::create_dir_all(root).map_err(Error::file("create", root))?;
    for name in ["Cargo.toml", "Cargo.lock", "exercises", "solutions", "xtask"] {
        quiet(Command::new("cp").args(["--archive", "--reflink=auto"]).arg(repo.root().join(name)).arg(root))?;
    }
    // The shared target directory must not take this copy for the original.
    let manifest = root.join("Cargo.toml");
    let text = files::read(&manifest)?;
    files::write(&manifest, text.replace("version = \"0.1.0\"", "version = \"0.1.1\""))?;
    share_compiled(repo, root)?;
    let copy = Repo::at(root);
    expect(&Galley::build(&copy, Choice::Passed, false)?.whose(), "yours: none; the reference: ch1")?;

    let first = &CHAPTERS[0];
    take_reference(&copy, first)?;
    let graded = judge_and_remember(&copy, first, Tree::Exercises, &Options::default())?;
    if !graded.passed() {
        return Err(Error::Failed(format!("the copied solution does not pass\n{}", details(&graded))));
    }
    expect(&Galley::build(&copy, Choice::Passed, false)?.whose(), "yours: ch1; the reference: ch2")?;
    ending(repo, &copy)?;
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
    let output = quiet(
        Command::new(HARNESS)
            .args(["xtask", "check"])
            .env("CARGO_MANIFEST_DIR", copy.root().join("xtask"))
            .current_dir(copy.root()),
    )?;
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
    let mine = copy.chapter(Tree::Exercises, chapter).join("src");
    fs::remove_dir_all(&mine).map_err(Error::file("remove", &mine))?;
    quiet(Command::new("cp").arg("--recursive").arg(copy.chapter(Tree::Solutions, chapter).join("src")).arg(&mine))?;
    Ok(())
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
