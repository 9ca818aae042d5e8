//! `cargo xtask test`: everything that CI runs, in stages.
//!
//! A stage is skipped only where the machine lacks what it needs; then the reason
//! is printed, and the skipped ones are counted.

mod chapters;
mod host;
mod road;
mod tools;
pub mod variants;

use std::io::{Write, stdout};
use std::time::Instant;

use crate::error::{Error, Result};
use crate::setup;
use crate::tree::Tree;

use host::Host;

/// How a stage ended, if not with an error.
pub enum Stage {
    /// With what was found, in a few words.
    Passed(String),
    /// With the reason.
    Skipped(String),
}

type Run = fn(&Tree) -> Result<Stage>;

/// Quick ones first: a slip is told before the slow stages begin.
const STAGES: &[(&str, Run)] = &[
    ("the sources are formatted", tools::formatted),
    ("what is derived is up to date", tools::derived),
    ("both trees build without a warning", tools::lint),
    ("the harness's own tests", tools::unit_tests),
    ("every starter step says \"to do\"", chapters::starters),
    ("words alone pass no step", chapters::words_alone),
    ("every reference passes its checks", chapters::references),
    ("…as an ordinary user, too", chapters::references_as_user),
    ("chapter 3 with unified control groups, in a virtual machine", chapters::unified),
    ("every terminal block says what it said", tools::terminals),
    ("wrong solutions are rejected, others accepted", variants::judged),
    ("galley is assembled from what is passed", road::assembled),
    ("galley does what its flags say", tools::command_line),
    ("other tools read what galley writes", tools::peers),
    ("registries that fail, lie, or want TLS", tools::hard_registries),
    ("the workshop, from build to pull", road::demo),
    ("the book builds, and its links hold", tools::book),
    ("every page in a browser, light and dark", tools::browser),
];

/// Runs every stage, goes on after a failure, and fails in the end. With `only`,
/// the stages whose name has that in it.
pub fn run(tree: &Tree, yes: bool, only: Option<&str>) -> Result<u8> {
    setup::run(setup::TEST, yes)?;
    let start = Instant::now();
    let before = Host::look(tree)?;
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    let wanted = |name: &str| only.is_none_or(|only| name.contains(only));
    for (number, (name, stage)) in STAGES.iter().enumerate().filter(|(_, (name, _))| wanted(name)) {
        print!("[{}/{}] {name} … ", number + 1, STAGES.len() + 1);
        flush()?;
        let begun = Instant::now();
        match stage(tree) {
            Ok(Stage::Passed(words)) => {
                passed += 1;
                println!("ok: {words} ({:.1} s)", begun.elapsed().as_secs_f32());
            }
            Ok(Stage::Skipped(reason)) => {
                skipped += 1;
                println!("skipped: {reason}");
            }
            Err(error) => {
                failed += 1;
                println!("FAILED ({:.1} s)\n{error}", begun.elapsed().as_secs_f32());
            }
        }
    }
    print!("[{0}/{0}] this machine is as it was before … ", STAGES.len() + 1);
    match before.differences(&Host::look(tree)?) {
        differences if differences.is_empty() => {
            passed += 1;
            println!("ok: mounts, control groups, processes and temporary files");
        }
        differences => {
            failed += 1;
            println!("FAILED\n{}", differences.join("\n"));
        }
    }
    println!("\nThat took {} s.\n{passed} passed, {failed} failed, {skipped} skipped", start.elapsed().as_secs());
    Ok(u8::from(failed > 0))
}

fn flush() -> Result<()> {
    stdout().flush().map_err(Error::file("write to", "standard output".as_ref()))
}
