//! The whole road: assembling galley, and the workshop's demo.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use course::{CHAPTERS, Chapter};

use super::Stage;
use super::tools::quiet;
use super::variants::share_compiled;
use crate::assemble::{Mix, assemble};
use crate::check::{self, Trial};
use crate::error::{Error, Result};
use crate::progress::{Progress, Standing};
use crate::sync::put;
use crate::tree::{HARNESS, Side, Tree};

/// On a copy of the learner's tree: first nothing is passed, then chapter 1 is.
pub fn assembled(tree: &Tree) -> Result<Stage> {
    let root = tree.target().join("tmp/learner");
    let result = in_copy(tree, &root);
    fs::remove_dir_all(&root).map_err(Error::file("remove", &root))?;
    result
}

fn in_copy(tree: &Tree, root: &Path) -> Result<Stage> {
    fs::create_dir_all(root).map_err(Error::file("create", root))?;
    for name in ["Cargo.toml", "Cargo.lock", "exercises", "solutions", "xtask"] {
        quiet(Command::new("cp").args(["--archive", "--reflink=auto"]).arg(tree.root().join(name)).arg(root))?;
    }
    // The shared target directory must not take this copy for the original.
    let manifest = root.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).map_err(Error::file("read", &manifest))?;
    put(&manifest, text.replace("version = \"0.1.0\"", "version = \"0.1.1\""))?;
    share_compiled(tree, root)?;
    let copy = Tree::at(root);
    expect(&assemble(&copy, Mix::Passed, false)?.whose(), "yours: none; the reference: ch1")?;

    let first = &CHAPTERS[0];
    take_reference(&copy, first)?;
    let graded = check::one(&copy, first, Side::Mine, &Trial::default())?;
    if !graded.passed() {
        return Err(Error::Failed(format!("the copied solution does not pass\n{}", check::details(&graded))));
    }
    expect(&assemble(&copy, Mix::Passed, false)?.whose(), "yours: ch1; the reference: ch2")?;
    ending(tree, &copy)?;
    Ok(Stage::Passed("nothing, chapter 1, and everything of the learner, which then plays the workshop".to_owned()))
}

/// With every chapter passed, `check` plays the workshop on the learner's own code.
fn ending(tree: &Tree, copy: &Tree) -> Result<()> {
    let pantry = tree.target().join("pantry");
    symlink(&pantry, copy.target().join("pantry")).map_err(Error::file("link", &pantry))?;
    // All but the first count as passed: that they pass is seen elsewhere.
    for chapter in &CHAPTERS[1..] {
        take_reference(copy, chapter)?;
        Progress::load(copy)?.remember(copy, chapter, Standing::Passed, None)?;
    }
    let edited = copy.chapter(Side::Mine, &CHAPTERS[0]).join("src/lib.rs");
    let text = fs::read_to_string(&edited).map_err(Error::file("read", &edited))?;
    put(&edited, text + "// The learner's.\n")?;
    let output = quiet(Command::new(HARNESS).arg("check").env("GALLEY_TEST_REPOSITORY", copy.root()))?;
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
fn take_reference(copy: &Tree, chapter: &Chapter) -> Result<()> {
    let mine = copy.chapter(Side::Mine, chapter).join("src");
    fs::remove_dir_all(&mine).map_err(Error::file("remove", &mine))?;
    quiet(Command::new("cp").arg("--recursive").arg(copy.chapter(Side::Reference, chapter).join("src")).arg(&mine))?;
    Ok(())
}

fn expect(whose: &str, start: &str) -> Result<()> {
    if whose.starts_with(start) {
        return Ok(());
    }
    Err(Error::Failed(format!("galley is assembled from '{whose}', and should begin with '{start}'")))
}

/// The demo, in a process of its own as a newcomer starts it.
pub fn demo(_tree: &Tree) -> Result<Stage> {
    let harness = Path::new(HARNESS);
    let output = quiet(Command::new(harness).args(["demo", "--auto"]))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = text.lines().rev().find(|line| line.trim().starts_with("sha256:")).map(str::trim).unwrap_or_default();
    Ok(Stage::Passed(format!("pulled what was pushed, {last}")))
}
