//! The maintainers' part of `cargo xtask`: what builds, tests, records, plays and measures
//! the workbook. It uses the harness as a library, and no learner compiles it before a
//! first check.

mod base_images;
mod bench;
mod cli;
mod copy;
mod demo;
mod measure;
mod mutants;
mod needs;
mod parallel;
mod record;
mod registry;
mod setup;
mod stage;
mod sync;
mod terminal;
mod test;
mod vm;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    // This program starts itself for the harness's own commands, such as the sandbox of a
    // check: cargo may be building the next `xtask` meanwhile.
    match words.first().and_then(|word| word.to_str()) {
        Some("sandbox") => xtask::cli::main(words),
        Some("xtask") => xtask::cli::main(words.into_iter().skip(1)),
        _ => cli::main(),
    }
}
