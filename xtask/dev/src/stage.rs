//! A stage of `cargo xtask test`, and how it runs other programs.

use std::process::{Command, Output};

use xtask::error::{Error, Result};

/// How a stage ended, if not with an error.
pub enum Stage {
    /// With what was found, in a few words.
    Passed(String),
    /// The same, and the reason for each thing that was left out.
    Partly(String, Vec<String>),
    /// With the reason.
    Skipped(String),
}

impl Stage {
    /// What was found, and the reason for each thing that was left out.
    pub fn of((words, skipped): (String, Vec<String>)) -> Self {
        if skipped.is_empty() { Self::Passed(words) } else { Self::Partly(words, skipped) }
    }
}

/// Runs a command and shows its output only if it fails.
pub fn quiet(command: &mut Command) -> Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output =
        command.output().map_err(|error| Error::Program { program: name.clone(), fault: error.to_string() })?;
    if output.status.success() {
        return Ok(output);
    }
    let words = [&output.stdout[..], &output.stderr[..]].concat();
    let arguments: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
    Err(Error::Failed(format!("{name} {}:\n{}", arguments.join(" "), String::from_utf8_lossy(&words).trim_end())))
}
