//! The programs that pages call, by the names that they call them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::assemble::{Mix, assemble, fill_pantry, pantry_store};
use crate::check::compile::{alone, cargo, probe, put_aside};
use crate::error::{Error, Result};
use crate::tool;
use crate::tree::{Side, Tree};

/// A package of the solutions, its program's name, and how pages call it.
const CHAPTERS: &[(&str, &str, &str)] = &[
    ("chroot", "chroot", "ch1"),
    ("namespaces", "namespaces", "ch2"),
    ("cgroups", "cgroups", "ch3"),
    ("images", "images", "images"),
    ("build", "build-image", "build-image"),
    ("run", "run", "run"),
    ("registry", "registry", "registry"),
];

/// What a page's commands find.
pub struct Programs {
    /// A directory with all programs, by the names that they are called by.
    pub directory: PathBuf,
    /// The image layout with the base images.
    pub pantry: PathBuf,
}

impl Programs {
    /// Builds them all, from the solutions, and the base images if there are none.
    pub fn build(tree: &Tree) -> Result<Self> {
        let programs = Self::built(tree);
        let galley = assemble(tree, Mix::Reference, false)?.program;
        fill_pantry(tree, &galley)?;
        let install = |file: &Path, called: &str| install(file, &programs.directory.join(called));
        install(&galley, "galley")?;
        install(&tool::build(tree, "registry-server")?, "registry-server")?;
        install(&probe(tree)?, "probe")?;
        let _alone = alone(tree)?;
        chapters(tree)?;
        let built = |program| tree.target().join("debug").join(program);
        CHAPTERS.iter().try_for_each(|(_, program, called)| install(&built(program), called))?;
        Ok(programs)
    }

    /// As they were built before: in the virtual machine, where it would take long.
    pub fn built(tree: &Tree) -> Self {
        Self { directory: tree.target().join("terminal"), pantry: pantry_store(tree) }
    }
}

fn chapters(tree: &Tree) -> Result<()> {
    let mut command = cargo();
    command.args(["build", "--quiet", "--manifest-path"]).arg(tree.manifest(Side::Reference));
    command.arg("--target-dir").arg(tree.target());
    CHAPTERS.iter().for_each(|(package, _, _)| {
        command.args(["--package", package]);
    });
    let status = command.status().map_err(Error::file("run", Path::new("cargo")))?;
    match status.success() {
        true => Ok(()),
        false => Err(Error::Failed("the solutions could not be built; rustc's words are above".to_owned())),
    }
}

/// Copies a program under another name, out of the way of the next build.
fn install(file: &Path, destination: &Path) -> Result<()> {
    let directory = destination.parent().unwrap_or(destination);
    let copy = put_aside(file, &directory.join("new"))?;
    fs::rename(&copy, destination).map_err(Error::file("write", destination))
}
