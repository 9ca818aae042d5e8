//! Which measurements are made.

use xtask::error::{Error, Result};
use xtask::repo::Repo;

use super::{build, harness, start, transfer};

/// A name on the command line, and what measures it.
type Measurement = (&'static str, fn(&Repo) -> Result<()>);

const MEASUREMENTS: &[Measurement] =
    &[("harness", harness::run), ("start", start::run), ("build", build::run), ("transfer", transfer::run)];

/// Measures what `names` name, or everything. The exit code is 1 if a budget was
/// not kept; the measurements after that one are made all the same.
///
/// # Errors
/// [`Error::Usage`] for a name that is not in the table, before anything is measured.
pub fn run(repo: &Repo, names: &[String]) -> Result<u8> {
    let chosen = names.iter().map(find).collect::<Result<Vec<_>>>()?;
    let chosen = if chosen.is_empty() { MEASUREMENTS.iter().collect() } else { chosen };
    let mut code = 0;
    for (name, measure) in chosen {
        println!("{name}");
        match measure(repo) {
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

fn find(name: &String) -> Result<&'static Measurement> {
    MEASUREMENTS.iter().find(|(known, _)| name == known).ok_or_else(|| {
        let known: Vec<&str> = MEASUREMENTS.iter().map(|(known, _)| *known).collect();
        Error::Usage(format!("there is no measurement '{}'; there is: {}", name, known.join(", ")))
    })
}
