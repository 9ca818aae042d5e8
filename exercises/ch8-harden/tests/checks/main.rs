//! The checks of chapter 8, one module a step.
//!
//! Checks run in the order of their sources, and the first that fails is shown: in each
//! step the one that says most about a mistake comes first.

// Lets clippy see that helper functions belong to tests, where a panic is a verdict.
#![cfg(test)]

mod fixture;
mod step1;
mod step2;
mod step3;
mod step4;
mod step5;
mod step6;
mod step7;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

checks::last_check!();

/// The chapter's program.
fn program() -> PathBuf {
    checks::program_path(env!("CARGO_BIN_EXE_harden"))
}

/// The host's path of the probe.
fn probe() -> &'static str {
    text(checks::probe())
}

fn text(path: &Path) -> &str {
    path.to_str().expect("paths of a check are plain text")
}

/// The chapter's program with these arguments.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.args(arguments);
    command
}

/// Runs the chapter's program to its end.
fn run(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the chapter's program can be started")
}

/// Runs it, and shows what it said if it did not run its program to the end.
fn succeed(command: &mut Command) -> checks::View {
    let output = command.output().expect("the chapter's program can be started");
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
    checks::View::parse(&String::from_utf8_lossy(&output.stdout))
}

/// A request to the probe to make a call by name, with these arguments.
fn call(name: &str, arguments: &str) -> String {
    let number = confine::call_number(name).expect("a call of this machine");
    format!("call:{name}={number}{arguments}")
}

/// Takes the numbers of calls out of a view: they differ by architecture.
fn without_numbers(view: checks::View, names: &[&str]) -> checks::View {
    names.iter().fold(view, |view, name| {
        let number = confine::call_number(name).expect("a call of this machine");
        view.name(&format!("call:{name}={number}"), &format!("call:{name}"))
    })
}
