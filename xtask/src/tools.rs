//! The programs beside the harness, each a package of its own, built when they are needed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cargo::{build, keep, program};
use crate::error::{Error, Result};
use crate::files;
use crate::repo::{Repo, Tree};

/// Builds a tool of the harness that has a package of its own, and returns its program.
pub fn tool(repo: &Repo, package: &str) -> Result<PathBuf> {
    match build(repo.target(), &repo.manifest(Tree::Exercises), &["build", "--package", package], false)? {
        Ok(built) => program(&built, package),
        Err(_) => Err(Error::Failed(format!("{package} could not be built; the compiler's messages are above"))),
    }
}

/// The statically linked probe. It is rebuilt only if its sources are newer, because
/// asking cargo costs a tenth of a second in each check.
pub fn probe(repo: &Repo) -> Result<PathBuf> {
    let directory = repo.target().join("check");
    let ready = directory.join("probe");
    let source = repo.root().join("xtask/probe");
    let modified = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    let newest = files::list(&source)?.iter().filter_map(|file| modified(&source.join(file))).max();
    if modified(&ready) > newest {
        return Ok(ready);
    }
    let arguments = ["rustc", "--package", "probe", "--", "-C", "target-feature=+crt-static"];
    match build(repo.target(), &repo.manifest(Tree::Exercises), &arguments, true)? {
        Ok(built) => keep(&program(&built, "probe")?, &directory),
        Err(fault) => Err(Error::Program { program: "cargo".into(), fault }),
    }
}
