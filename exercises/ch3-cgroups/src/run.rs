//! The steps put together.

use std::process::{Command, ExitStatus};

use cgroupfs::{Error, Limits, Result};
use sys::Context;

use crate::{Group, Report};

/// Runs a program in a new group under these limits, and returns how it ended and what
/// the limits did. The group is deleted whatever happens.
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
    let program = command.get_program().to_owned();
    let status = group.start(command)?.wait().call("waitpid").map_err(|error| Error::Start { program, error })?;
    Ok((status, group.report()?))
}
