//! The programs that pages call, under the names that they use.

use std::fs;
use std::path::{Path, PathBuf};

use crate::base_images;
use xtask::cargo::{build, keep, lock_artifacts, program};
use xtask::error::{Error, Result};
use xtask::galley::{self, Choice, Galley};
use xtask::repo::{Repo, Tree};
use xtask::tools;

/// A package of the solutions, its program's name, and how pages call it.
const CHAPTERS: &[(&str, &str, &str)] = &[
    ("chroot", "chroot", "ch1"),
    ("namespaces", "namespaces", "ch2"),
    ("cgroups", "cgroups", "ch3"),
    ("images", "images", "images"),
    ("build", "build-image", "build-image"),
    ("run", "run", "run"),
    ("registry", "registry", "registry"),
    ("harden", "harden", "harden"),
];

/// The programs and images that a page's commands find.
pub struct Programs {
    /// A directory with all programs, under the names that pages use.
    pub directory: PathBuf,
    /// The image layout with the base images.
    pub pantry: PathBuf,
}

impl Programs {
    /// Builds them all, from the solutions, and the base images if there are none.
    pub fn build(repo: &Repo) -> Result<Self> {
        let programs = Self::built(repo);
        let galley = Galley::build(repo, Choice::Reference, false)?.program;
        base_images::fill(repo, &galley)?;
        let install = |file: &Path, called: &str| install(file, &programs.directory.join(called));
        install(&galley, "galley")?;
        install(&tools::tool(repo, "registry-server")?, "registry-server")?;
        install(&tools::probe(repo)?, "probe")?;
        let _lock = lock_artifacts(repo.target())?;
        let packages = CHAPTERS.iter().flat_map(|(package, ..)| ["--package", package]);
        let arguments: Vec<&str> = ["build"].into_iter().chain(packages).collect();
        let Ok(built) = build(repo.target(), &repo.manifest(Tree::Solutions), &arguments, false)? else {
            return Err(Error::Failed(
                "the solutions could not be built; the compiler's messages are above".to_owned(),
            ));
        };
        CHAPTERS.iter().try_for_each(|(_, name, called)| install(&program(&built, name)?, called))?;
        Ok(programs)
    }

    /// As they were built before: in the virtual machine, where it would take long.
    pub fn built(repo: &Repo) -> Self {
        Self { directory: repo.target().join("terminal"), pantry: galley::pantry(repo) }
    }
}

/// Copies a program under another name, out of the way of the next build.
fn install(file: &Path, destination: &Path) -> Result<()> {
    let directory = destination.parent().unwrap_or(destination);
    let copy = keep(file, &directory.join("new"))?;
    fs::rename(&copy, destination).map_err(Error::file("write", destination))
}
