//! The tools beside the harness: packages of their own, because they are heavy, and
//! built only when they are asked for.

use std::path::PathBuf;

use crate::check::compile::cargo;
use crate::error::{Error, Result};
use crate::tree::{Side, Tree};

/// Builds one of them, by its package's name, and returns its program.
pub fn build(tree: &Tree, package: &str) -> Result<PathBuf> {
    let status = cargo()
        .args(["build", "--quiet", "--package", package, "--manifest-path"])
        .arg(tree.manifest(Side::Mine))
        .arg("--target-dir")
        .arg(tree.target())
        .status()
        .map_err(|error| Error::Program { program: "cargo".into(), fault: error.to_string() })?;
    if status.success() {
        Ok(tree.target().join("debug").join(package))
    } else {
        Err(Error::Failed(format!("{package} could not be built; rustc's words are above")))
    }
}
