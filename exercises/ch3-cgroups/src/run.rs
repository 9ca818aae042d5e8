//! Given: the steps put together.

use std::process::{Command, ExitStatus};

use crate::{Error, Group, Limits, Report, Result};

/// Runs a program in a new group under these limits, and returns how it ended and
/// what the limits did. The group is deleted whatever happens.
///
/// # Errors
/// Those of the steps; the first that failed.
pub fn run(name: &str, limits: &Limits, command: &mut Command) -> Result<(ExitStatus, Report)> {
    let group = Group::create(name)?;
    let outcome = run_in(&group, limits, command);
    let deleted = group.delete();
    let outcome = outcome?;
    deleted.map(|()| outcome)
}

fn run_in(group: &Group, limits: &Limits, command: &mut Command) -> Result<(ExitStatus, Report)> {
    group.apply(limits)?;
    let mut child = group.start(command)?;
    let program = command.get_program();
    let status = child.wait().map_err(|source| Error::Start { program: program.to_owned(), source })?;
    Ok((status, group.report()?))
}
