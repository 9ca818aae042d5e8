//! `cargo xtask bench`: how long things take, each beside its budget.
//!
//! [`harness`] is what a learner waits for; the rest is galley, measured in turns
//! with the programs that this machine has for the same work.

mod build;
mod harness;
mod pairs;
mod start;
mod transfer;

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use crate::error::{Error, Result};
use crate::tree::Tree;

/// A name on the command line, and what measures it.
type Measurement = (&'static str, fn(&Tree) -> Result<()>);

const MEASUREMENTS: &[Measurement] =
    &[("harness", harness::run), ("start", start::run), ("build", build::run), ("transfer", transfer::run)];

/// Measures what `names` name, or everything. The exit code is 1 if a budget was
/// not kept; the measurements after that one are made all the same.
///
/// # Errors
/// [`Error::Usage`] for a name that is not in the table, before anything is measured.
pub fn run(tree: &Tree, names: &[OsString]) -> Result<u8> {
    let chosen = names.iter().map(find).collect::<Result<Vec<_>>>()?;
    let chosen = if chosen.is_empty() { MEASUREMENTS.iter().collect() } else { chosen };
    let mut code = 0;
    for (name, measure) in chosen {
        println!("{name}");
        match measure(tree) {
            Ok(()) => {}
            Err(Error::Failed(words)) => {
                println!("{words}");
                code = 1;
            }
            Err(other) => return Err(other),
        }
    }
    Ok(code)
}

fn find(name: &OsString) -> Result<&'static Measurement> {
    MEASUREMENTS.iter().find(|(known, _)| name == known).ok_or_else(|| {
        let known: Vec<&str> = MEASUREMENTS.iter().map(|(known, _)| *known).collect();
        Error::Usage(format!("there is no measurement '{}'; there is: {}", name.to_string_lossy(), known.join(", ")))
    })
}

/// Works in an empty directory below `target`, and removes it.
fn in_scratch(tree: &Tree, work: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let scratch = tree.target().join("tmp").join(format!("bench-{}", std::process::id()));
    fs::create_dir_all(&scratch).map_err(Error::file("create", &scratch))?;
    let result = work(&scratch);
    fs::remove_dir_all(&scratch).map_err(Error::file("remove", &scratch))?;
    result
}

/// Prints a measured value beside its budget; says so if it is over.
fn judge(what: &str, measured: f64, most: f64, unit: &str) -> Result<()> {
    let line = format!("{what}: {measured:.3}{unit} (at most {most}{unit})");
    if measured <= most {
        println!("{line}");
        return Ok(());
    }
    Err(Error::Failed(format!("{line}: over its budget")))
}
