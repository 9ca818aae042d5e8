//! The checks of chapter 3, one module a step.
//!
//! Each makes groups of its own below a name that no program can guess, by hand
//! where the step under test is a later one, and reads the kernel's files itself.

// Lets clippy see that helper functions belong to tests, where a panic is a verdict.
#![cfg(test)]

mod cgroup_fixture;
mod step1;
mod step2;
mod step3;
mod step4;
mod step5;
mod step6;
mod step7;
mod step8;

use std::path::PathBuf;
use std::process::{Command, Output};

checks::last_check!();

/// The chapter's program.
fn program() -> PathBuf {
    checks::program_path(env!("CARGO_BIN_EXE_cgroups"))
}

/// The host's path of the probe.
fn probe() -> &'static str {
    checks::probe().to_str().expect("paths of a check are plain text")
}

/// Runs the chapter's program to its end.
fn run(arguments: &[&str]) -> Output {
    Command::new(program()).args(arguments).output().expect("the chapter's program can be started")
}

/// The same, where it must succeed.
fn succeed(arguments: &[&str]) {
    let output = run(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "`cgroups {}` failed: {said}", arguments.join(" "));
}

/// A number below `end` that no program can guess.
fn some_number(end: u64) -> u64 {
    u64::from_str_radix(&checks::nonce(), 16).expect("a nonce is hexadecimal") % end
}
