//! `cargo xtask galley`: a runtime assembled from the chapters.
//!
//! Below `target/galley/` stands a third workspace. It has a symbolic link for
//! each chapter, into `exercises/` where the learner has passed it and into
//! `solutions/` where not, and cargo builds it like any other.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use course::{CHAPTERS, Chapter};

use crate::check::compile::{alone, cargo, put_aside};
use crate::check::{self, Trial};
use crate::error::{Error, Result};
use crate::pantry;
use crate::progress::{Progress, Standing, is_starter};
use crate::sync::put;
use crate::tree::{GIVEN, Side, Tree};

/// Which chapters are taken from the learner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mix {
    /// Those that are passed.
    Passed,
    /// All, whether they work or not.
    Mine,
    /// None.
    #[default]
    Reference,
}

impl Mix {
    fn name(self) -> &'static str {
        match self {
            Self::Passed => "mixed",
            Self::Mine => "mine",
            Self::Reference => "reference",
        }
    }
}

/// The assembled program, and whose each chapter is.
pub struct Assembled {
    pub program: PathBuf,
    pub sides: Vec<(&'static Chapter, Side)>,
}

impl Assembled {
    /// "yours: ch1, ch2; the reference: ch3, …".
    pub fn whose(&self) -> String {
        let list = |side| {
            let ids: Vec<String> =
                self.sides.iter().filter(|(_, whose)| *whose == side).map(|(chapter, _)| chapter.id()).collect();
            if ids.is_empty() { "none".to_owned() } else { ids.join(" ") }
        };
        format!("yours: {}; the reference: {}", list(Side::Mine), list(Side::Reference))
    }

    /// A line for each part of the runtime, with whose it is.
    pub fn parts(&self) -> String {
        let mut lines = String::from("\nThe runtime that did this:\n");
        for (chapter, side) in &self.sides {
            let whose = if *side == Side::Mine { "yours" } else { "the reference" };
            lines.push_str(&format!("  {}  {whose:<13}  {}\n", chapter.id(), chapter.title));
        }
        if self.sides.iter().all(|(_, side)| *side == Side::Mine) {
            lines.push_str("Every part of it is yours.\n");
        }
        lines
    }
}

/// Builds the runtime. With `release` it is optimized, which takes longer.
pub fn assemble(tree: &Tree, mix: Mix, release: bool) -> Result<Assembled> {
    let sides = sides(tree, mix)?;
    let directory = tree.target().join("galley").join(mix.name());
    lay_out(tree, &directory, &sides)?;
    let mut command = cargo();
    command.args(["build", "--quiet", "--package", "galley", "--manifest-path"]).arg(directory.join("Cargo.toml"));
    command.arg("--target-dir").arg(tree.target());
    if release {
        command.arg("--release");
    }
    let _alone = alone(tree)?;
    let status =
        command.status().map_err(|error| Error::Program { program: "cargo".into(), fault: error.to_string() })?;
    if !status.success() {
        return Err(Error::Failed("galley could not be built; rustc's words are above".to_owned()));
    }
    let profile = if release { "release" } else { "debug" };
    let bin = directory.join("bin").join(profile);
    let built = tree.target().join(profile).join("galley");
    let program = put_aside(&built, &bin)?;
    Ok(Assembled { program, sides })
}

/// Replaces this process by galley; returns only if that fails.
pub fn run(tree: &Tree, mix: Mix, release: bool, arguments: &[OsString]) -> Result<u8> {
    let assembled = assemble(tree, mix, release)?;
    eprintln!("galley, {}", assembled.whose());
    let fault = with_pantry(tree, &mut Command::new(&assembled.program)).args(arguments).exec();
    Err(Error::file("run", &assembled.program)(fault))
}

/// Names the pantry to galley, unless the caller has chosen one.
pub fn with_pantry<'a>(tree: &Tree, command: &'a mut Command) -> &'a mut Command {
    if std::env::var_os("GALLEY_PANTRY").is_none() {
        command.env("GALLEY_PANTRY", pantry_store(tree));
    }
    command
}

/// The image layout that holds the base images.
pub fn pantry_store(tree: &Tree) -> PathBuf {
    tree.target().join("pantry/home/store")
}

/// Fills the pantry: makes each base image's files, and builds the image with the
/// runtime itself. What is there already is kept.
pub fn fill_pantry(tree: &Tree, galley: &Path) -> Result<()> {
    let home = tree.target().join("pantry/home");
    for recipe in &pantry::RECIPES {
        let context = pantry::fill(&tree.target(), recipe)?;
        let build = |arguments: &[&str]| {
            let mut command = Command::new(galley);
            command.env("GALLEY_HOME", &home).args(arguments);
            command.output().map_err(Error::file("run", galley))
        };
        if build(&["inspect", recipe.name])?.status.success() {
            continue;
        }
        println!("making {} from Debian packages", recipe.name);
        let output = build(&["build", "--tag", recipe.name, &context.display().to_string()])?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Error::Failed(format!("the base image {} could not be built: {words}", recipe.name)));
        }
    }
    Ok(())
}

fn sides(tree: &Tree, mix: Mix) -> Result<Vec<(&'static Chapter, Side)>> {
    CHAPTERS
        .iter()
        .map(|chapter| {
            let mine = match mix {
                Mix::Mine => true,
                Mix::Reference => false,
                Mix::Passed => passed(tree, chapter)?,
            };
            Ok((chapter, if mine { Side::Mine } else { Side::Reference }))
        })
        .collect()
}

/// Whether a chapter is passed as it stands now. One that was edited since it was
/// graded is graded here, so that the answer is never an old one.
fn passed(tree: &Tree, chapter: &'static Chapter) -> Result<bool> {
    if let Some(standing) = Progress::load(tree)?.standing(tree, chapter)? {
        return Ok(standing == Standing::Passed);
    }
    if is_starter(tree, chapter)? {
        return Ok(false);
    }
    eprintln!("{} was edited since it was last checked; checking it", chapter.id());
    Ok(check::one(tree, chapter, Side::Mine, &Trial::default())?.passed())
}

/// Writes the workspace: its manifest, its lock file, and a link per member.
fn lay_out(tree: &Tree, directory: &Path, sides: &[(&Chapter, Side)]) -> Result<()> {
    fs::create_dir_all(directory).map_err(Error::file("create", directory))?;
    for (chapter, side) in sides {
        link(&tree.chapter(*side, chapter), &directory.join(chapter.directory()))?;
    }
    for given in GIVEN {
        link(&tree.side(Side::Mine).join(given), &directory.join(given))?;
    }
    let text = tree.reference_workspace()?;
    let text = text.replace("version = \"1.0.0\"", &format!("version = \"{}\"", version(tree, sides)));
    put(&directory.join("Cargo.toml"), &text)?;
    pin(&tree.root().join("solutions/Cargo.lock"), &directory.join("Cargo.lock"))
}

/// A version for exactly this mix. cargo tells crates in one target directory apart
/// by name, version and the path below the workspace; and two mixes differ in none
/// of these but the version.
fn version(tree: &Tree, sides: &[(&Chapter, Side)]) -> String {
    let mine =
        sides.iter().filter(|(_, side)| *side == Side::Mine).fold(0, |set, (chapter, _)| set | 1 << chapter.number);
    format!("2.{mine}.{}", tree.number())
}

/// Copies the lock file, whenever it is newer: cargo then changes only the
/// versions of the chapters in it.
fn pin(lock: &Path, copy: &Path) -> Result<()> {
    let modified = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    if modified(copy) < modified(lock) {
        fs::copy(lock, copy).map_err(Error::file("copy", lock))?;
    }
    Ok(())
}

/// Makes `path` a link to `destination`, in place of what it was.
fn link(destination: &Path, path: &Path) -> Result<()> {
    match fs::read_link(path) {
        Ok(present) if present == destination => return Ok(()),
        Ok(_) => fs::remove_file(path).map_err(Error::file("remove", path))?,
        Err(_) => {}
    }
    symlink(destination, path).map_err(Error::file("link", path))
}
