//! The whole road: assembling galley, and the workshop's demo.

use std::fs;
use std::path::Path;
use std::process::Command;

use course::CHAPTERS;

use super::Stage;
use super::tools::quiet;
use super::variants::share_compiled;
use crate::assemble::{Mix, assemble};
use crate::check::{self, Trial};
use crate::error::{Error, Result};
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
    let mine = copy.chapter(Side::Mine, first).join("src");
    fs::remove_dir_all(&mine).map_err(Error::file("remove", &mine))?;
    quiet(Command::new("cp").arg("--recursive").arg(copy.chapter(Side::Reference, first).join("src")).arg(&mine))?;
    let graded = check::one(&copy, first, Side::Mine, &Trial::default())?;
    if !graded.passed() {
        return Err(Error::Failed(format!("the copied solution does not pass\n{}", check::details(&graded))));
    }
    expect(&assemble(&copy, Mix::Passed, false)?.whose(), "yours: ch1; the reference: ch2")?;
    Ok(Stage::Passed("first all of the reference, then chapter 1 of the learner".to_owned()))
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
