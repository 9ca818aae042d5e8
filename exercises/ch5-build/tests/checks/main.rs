//! The checks of chapter 5, one module a step. They compare with what the shell
//! says, look at the bytes of layers, and run the probe in a RUN.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a check that cannot go on ends here")]

mod fixture;
mod step1;
mod step2;
mod step3;
mod step4;
mod step5;
mod step6;
mod step7;
mod step8;

use std::path::Path;
use std::process::{Command, Output};

checks::last_check!();

/// The chapter's program.
fn program() -> Command {
    Command::new(checks::program_path(env!("CARGO_BIN_EXE_build-image")))
}

fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

/// Runs the program and returns what it printed; fails the check if it fails.
fn succeed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "`build-image {}` failed:\n{}", arguments.join(" "), errors(&output));
    text(&output)
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What the program says against something; fails the check if it accepts it.
fn refusal(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(
        output.status.code(),
        Some(1),
        "`build-image {}` was to be refused with exit code 1; it printed:\n{}{}",
        arguments.join(" "),
        text(&output),
        errors(&output)
    );
    errors(&output)
}

fn str(path: &Path) -> &str {
    path.to_str().unwrap()
}
