//! The programs that pages call, by the names that they call them.

use std::path::{Path, PathBuf};

use crate::assemble::{Mix, assemble, fill_pantry, pantry_store};
use crate::check::compile::{cargo, probe, put_aside};
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
    /// Each with the name that it is called by.
    pub files: Vec<(String, PathBuf)>,
    /// The image layout with the base images.
    pub pantry: PathBuf,
}

impl Programs {
    /// Builds them all, from the solutions, and the base images if there are none.
    pub fn build(tree: &Tree) -> Result<Self> {
        fill_pantry(tree, &assemble(tree, Mix::Reference, false)?.program)?;
        chapters(tree)?;
        tool::build(tree, "registry-server")?;
        probe(tree)?;
        Ok(Self::built(tree))
    }

    /// As they were built before: in the virtual machine, which would take long.
    pub fn built(tree: &Tree) -> Self {
        let mut files: Vec<(String, PathBuf)> =
            CHAPTERS.iter().map(|(_, program, called)| ((*called).to_owned(), aside(tree).join(program))).collect();
        files.push(("galley".to_owned(), tree.target().join("galley/reference/bin/debug/galley")));
        files.push(("registry-server".to_owned(), tree.target().join("debug/registry-server")));
        files.push(("probe".to_owned(), tree.target().join("check/probe")));
        Self { files, pantry: pantry_store(tree) }
    }
}

fn aside(tree: &Tree) -> PathBuf {
    tree.target().join("terminal")
}

/// The chapters' own programs. They are put aside: the other tree's have the same
/// names.
fn chapters(tree: &Tree) -> Result<()> {
    let mut command = cargo();
    command.args(["build", "--quiet", "--manifest-path"]).arg(tree.manifest(Side::Reference));
    command.arg("--target-dir").arg(tree.target());
    CHAPTERS.iter().for_each(|(package, _, _)| {
        command.args(["--package", package]);
    });
    let status = command.status().map_err(Error::file("run", Path::new("cargo")))?;
    if !status.success() {
        return Err(Error::Failed("the solutions could not be built; rustc's words are above".to_owned()));
    }
    let built = tree.target().join("debug");
    CHAPTERS.iter().try_for_each(|(_, program, _)| put_aside(&built.join(program), &aside(tree)).map(drop))
}
