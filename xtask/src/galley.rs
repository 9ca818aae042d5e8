//! `cargo xtask galley`: the runtime, assembled from the chapters.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use crate::assembly::Assembly;
use crate::cargo::{build, keep, lock_artifacts, program};
use crate::check::judge::is_passed;
use crate::error::{Error, Result};
use crate::repo::{Repo, Tree};

/// Which chapters are taken from the learner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// Those that are passed.
    Passed,
    /// All, whether they work or not.
    Mine,
    /// None.
    #[default]
    Reference,
}

/// The program, and the tree of each chapter in it.
pub struct Galley {
    pub program: PathBuf,
    pub assembly: Assembly,
}

impl Galley {
    /// Builds the runtime. With `release` it is optimized, which takes longer.
    pub fn build(repo: &Repo, choice: Choice, release: bool) -> Result<Self> {
        let assembly = match choice {
            Choice::Mine => Assembly::all(Tree::Exercises),
            Choice::Reference => Assembly::all(Tree::Solutions),
            Choice::Passed => Assembly::choose(|chapter| {
                Ok(if is_passed(repo, chapter)? { Tree::Exercises } else { Tree::Solutions })
            })?,
        };
        let workspace = assembly.workspace(repo)?;
        let (name, profile) = (format!("{choice:?}").to_lowercase(), if release { "release" } else { "dev" });
        let _lock = lock_artifacts(repo.target())?;
        let arguments = ["build", "--package", "galley", "--profile", profile];
        let Ok(built) = build(repo.target(), &workspace.manifest(), &arguments, false)? else {
            return Err(Error::Failed("galley could not be built; the compiler's messages are above".to_owned()));
        };
        let directory = repo.target().join("galley").join(name).join(profile);
        Ok(Self { program: keep(&program(&built, "galley")?, &directory)?, assembly })
    }

    /// "yours: ch1 ch2; the reference: ch3 …".
    pub fn whose(&self) -> String {
        let list = |tree| {
            let chapters = self.assembly.chapters().filter(|(_, whose)| *whose == tree);
            let ids: Vec<String> = chapters.map(|(chapter, _)| chapter.id()).collect();
            if ids.is_empty() { "none".to_owned() } else { ids.join(" ") }
        };
        format!("yours: {}; the reference: {}", list(Tree::Exercises), list(Tree::Solutions))
    }

    /// A line for each part of the runtime, with whose it is.
    pub fn parts(&self) -> String {
        let mut lines = String::from("\nThe runtime that did this:\n");
        for (chapter, tree) in self.assembly.chapters() {
            let whose = if tree == Tree::Exercises { "yours" } else { "the reference" };
            lines.push_str(&format!("  {}  {whose:<13}  {}\n", chapter.id(), chapter.title));
        }
        if self.assembly.is_all(Tree::Exercises) {
            lines.push_str("Every part of it is yours.\n");
        }
        lines
    }
}

/// Replaces this process by galley; returns only if that fails.
pub fn run(repo: &Repo, choice: Choice, release: bool, arguments: &[OsString]) -> Result<u8> {
    let galley = Galley::build(repo, choice, release)?;
    eprintln!("galley, {}", galley.whose());
    let mut command = Command::new(&galley.program);
    // Unless the caller has chosen another one.
    if std::env::var_os("GALLEY_PANTRY").is_none() {
        command.env("GALLEY_PANTRY", pantry(repo));
    }
    let fault = command.args(arguments).exec();
    Err(Error::file("run", &galley.program)(fault))
}

/// The image layout that holds the base images.
pub fn pantry(repo: &Repo) -> PathBuf {
    repo.target().join("pantry/home/store")
}
