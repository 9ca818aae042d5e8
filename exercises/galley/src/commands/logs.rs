//! `galley logs`.

use std::io::stdout;

use crate::cli::Logs;
use crate::error::Result;
use crate::home::Home;

/// Prints what a detached container has printed so far; with `-f`, until it ends.
pub fn logs(arguments: &Logs) -> Result<()> {
    let containers = Home::find()?.containers()?;
    let (container, _) = containers.find(&arguments.container)?;
    Ok(monitor::logs(&containers, &container, arguments.follow, &mut stdout())?)
}
