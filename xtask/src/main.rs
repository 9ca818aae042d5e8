//! The harness: `cargo xtask check`, `sync`, `galley`, `demo` and the rest.
//!
//! Where to start reading: [`cli`] has the commands, [`tree`] the places,
//! [`check`] what happens when a learner asks for a verdict.

mod check;
mod cli;
mod error;
mod progress;
mod sandbox;
mod starter;
mod sync;
mod tree;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::from(error.code())
        }
    }
}
