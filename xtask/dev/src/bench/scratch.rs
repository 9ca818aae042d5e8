//! A place to work in, and the verdict on what was measured there.

use std::fs;
use std::path::Path;

use xtask::error::{Error, Result};
use xtask::files;
use xtask::repo::Repo;

/// Works in an empty directory below `target`, and removes it.
pub fn in_scratch(repo: &Repo, work: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let scratch = repo.target().join("tmp").join(format!("bench-{}", std::process::id()));
    files::create_dir(&scratch)?;
    let result = work(&scratch);
    fs::remove_dir_all(&scratch).map_err(Error::file("remove", &scratch))?;
    result
}

/// Prints a measured value beside its budget; says so if it is over.
pub fn judge(what: &str, measured: f64, most: f64, unit: &str) -> Result<()> {
    let line = format!("{what}: {measured:.3}{unit} (at most {most}{unit})");
    if measured <= most {
        println!("{line}");
        return Ok(());
    }
    Err(Error::Failed(format!("{line}: over its budget")))
}
