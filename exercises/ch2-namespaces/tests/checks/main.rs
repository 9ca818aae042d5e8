//! The checks of chapter 2, one module a step.
//!
//! Checks run in the order of their names, and the first that fails is shown: in
//! each step the one that says most about a mistake comes first.

// Lets clippy see that helper functions belong to tests, where a panic is a verdict.
#![cfg(test)]

mod step1;
mod step2;
mod step3;
mod step4;
mod step5;
mod step6;
mod step7;
mod step8;
mod world;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

checks::last_check!();

/// The chapter's program.
fn program() -> PathBuf {
    checks::program_path(env!("CARGO_BIN_EXE_namespaces"))
}

/// The host's path of the probe.
fn probe() -> &'static str {
    text(checks::probe())
}

fn text(path: &Path) -> &str {
    path.to_str().expect("paths of a check are plain text")
}

/// Runs the chapter's program to its end.
fn run(arguments: &[&str]) -> Output {
    Command::new(program()).args(arguments).output().expect("the chapter's program can be started")
}

/// What a program printed, as a view.
fn view(output: &Output) -> checks::View {
    checks::View::parse(&String::from_utf8_lossy(&output.stdout))
}

/// A number from 2 to 124 that no program can guess: an exit code with no other meaning.
fn some_code() -> u8 {
    let digits = u64::from_str_radix(&checks::nonce(), 16).expect("a nonce is hexadecimal");
    (digits % 123) as u8 + 2
}
