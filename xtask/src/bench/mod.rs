//! `cargo xtask bench`: how long things take, each beside its budget.
//!
//! [`harness`] is what a learner waits for; the rest is galley, measured in pairs
//! against the programs that this machine has for the same work.

mod harness;
mod pairs;
mod transfer;

use std::ffi::OsString;

use crate::error::{Error, Result};
use crate::tree::Tree;

/// A name on the command line, and what measures it.
type Measurement = (&'static str, fn(&Tree) -> Result<()>);

const MEASUREMENTS: &[Measurement] = &[("harness", harness::run), ("transfer", transfer::run)];

/// Measures what `names` name, or everything.
///
/// # Errors
/// [`Error::Usage`] for a name that is not in the table, before anything is measured.
pub fn run(tree: &Tree, names: &[OsString]) -> Result<u8> {
    let chosen = names.iter().map(find).collect::<Result<Vec<_>>>()?;
    let chosen = if chosen.is_empty() { MEASUREMENTS.iter().collect() } else { chosen };
    for (name, measure) in chosen {
        println!("{name}");
        measure(tree)?;
    }
    Ok(0)
}

fn find(name: &OsString) -> Result<&'static Measurement> {
    MEASUREMENTS.iter().find(|(known, _)| name == known).ok_or_else(|| {
        let known: Vec<&str> = MEASUREMENTS.iter().map(|(known, _)| *known).collect();
        Error::Usage(format!("there is no measurement '{}'; there is: {}", name.to_string_lossy(), known.join(", ")))
    })
}
