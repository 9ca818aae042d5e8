//! The stages that are cargo's and other tools' work.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use super::Stage;
use crate::check::compile::cargo;
use crate::error::{Error, Result};
use crate::record;
use crate::sync;
use crate::tool;
use crate::tree::{Side, Tree};

/// The packages beside the chapters that have tests of their own.
const HARNESS: &[&str] = &["xtask", "course", "pages", "checks", "registry-server", "book-tool"];

pub fn formatted(tree: &Tree) -> Result<Stage> {
    for side in [Side::Mine, Side::Reference] {
        quiet(cargo().args(["fmt", "--all", "--check", "--manifest-path"]).arg(tree.manifest(side)))?;
    }
    Ok(Stage::Passed("both trees".to_owned()))
}

pub fn derived(tree: &Tree) -> Result<Stage> {
    sync::check(tree)?;
    Ok(Stage::Passed("starters, quotes and manifests".to_owned()))
}

/// Of the chapters' tests there is one copy for both trees, so the reference's lint
/// has seen them.
pub fn lint(tree: &Tree) -> Result<Stage> {
    clippy(tree, Side::Reference, &["--workspace", "--all-targets"])?;
    clippy(tree, Side::Mine, &["--workspace", "--lib", "--bins"])?;
    let harness: Vec<&str> = HARNESS.iter().flat_map(|package| ["--package", package]).collect();
    clippy(tree, Side::Mine, &[&harness, &["--all-targets"][..]].concat())?;
    Ok(Stage::Passed("rustc and clippy have nothing to say".to_owned()))
}

fn clippy(tree: &Tree, side: Side, which: &[&str]) -> Result<()> {
    let mut command = cargo();
    command.args(["clippy", "--quiet"]).args(which).arg("--manifest-path").arg(tree.manifest(side));
    command.arg("--target-dir").arg(tree.target()).args(["--", "--deny", "warnings"]);
    quiet(&mut command).map(drop)
}

pub fn unit_tests(tree: &Tree) -> Result<Stage> {
    let mut command = cargo();
    command.args(["test", "--quiet", "--manifest-path"]).arg(tree.manifest(Side::Mine));
    HARNESS.iter().for_each(|package| {
        command.args(["--package", package]);
    });
    let output = quiet(&mut command)?;
    Ok(Stage::Passed(format!("{} tests", passed(&String::from_utf8_lossy(&output.stdout)))))
}

/// Debian's registry, skopeo, podman and buildah against the reference.
pub fn peers(tree: &Tree) -> Result<Stage> {
    let text = tests_of(tree, &["--package", "registry", "--test", "peers", "--test", "platforms"])?
        + &tests_of(tree, &["--package", "galley", "--test", "interchange"])?;
    Ok(told(format!("{} tests", passed(&text)), &text))
}

/// What the reference does about registries that fail, lie, or want TLS.
pub fn hard_registries(tree: &Tree) -> Result<Stage> {
    let mut which = vec!["--package", "registry", "--lib"];
    ["faults", "helpers", "hubs", "lies", "mirror", "tls"].iter().for_each(|name| which.extend(["--test", name]));
    let text = tests_of(tree, &which)?;
    Ok(told("every fault at every request, lies, TLS, helpers, a mirror, big registries".to_owned(), &text))
}

/// Tests that lack something say so, each in a line of its own, and pass.
fn told(words: String, text: &str) -> Stage {
    let reasons: BTreeSet<&str> = text.lines().filter_map(|line| Some(line.split_once("skipped: ")?.1)).collect();
    Stage::of((words, reasons.into_iter().map(str::to_owned).collect()))
}

/// Runs tests of the reference, and returns what they printed.
fn tests_of(tree: &Tree, which: &[&str]) -> Result<String> {
    let mut command = cargo();
    command.args(["test", "--quiet"]).args(which).arg("--manifest-path").arg(tree.manifest(Side::Reference));
    command.arg("--target-dir").arg(tree.target()).args(["--", "--nocapture"]);
    let output = quiet(&mut command)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
}

/// How many tests libtest counted.
fn passed(text: &str) -> usize {
    let counts = text
        .lines()
        .filter_map(|line| line.split_once("test result: ok. ")?.1.split(' ').next()?.parse::<usize>().ok());
    counts.sum()
}

/// Every command of the reference's galley, as root and as an ordinary user.
pub fn command_line(tree: &Tree) -> Result<Stage> {
    let mut which = vec!["--package", "galley", "--bins"];
    ["add", "build", "cli", "images", "interrupted", "refusals", "runtime"]
        .iter()
        .for_each(|name| which.extend(["--test", name]));
    let text = tests_of(tree, &which)?;
    Ok(told(format!("{} tests", passed(&text)), &text))
}

/// The reports of checks are compared where the solutions are graded.
pub fn terminals(tree: &Tree) -> Result<Stage> {
    Ok(Stage::of(record::check_terminals(tree)?))
}

pub fn book(tree: &Tree) -> Result<Stage> {
    let tool = tool::build(tree, "book-tool")?;
    quiet(Command::new(&tool).arg("build").current_dir(tree.root()))?;
    quiet(Command::new(&tool).arg("lint").current_dir(tree.root()))?;
    Ok(Stage::Passed("built without a warning, and linted".to_owned()))
}

/// Needs chromium and npm; exit code 3 says that this machine lacks them.
pub fn browser(tree: &Tree) -> Result<Stage> {
    let tool = tool::build(tree, "book-tool")?;
    let mut command = Command::new(&tool);
    command.arg("browser").current_dir(tree.root());
    let output = command.output().map_err(Error::file("run", &tool))?;
    let words = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).trim().to_owned();
    let last = words.lines().last().unwrap_or_default().to_owned();
    match output.status.code() {
        Some(0) => Ok(Stage::Passed(last)),
        Some(3) => Ok(Stage::Skipped(last)),
        _ => Err(Error::Failed(words)),
    }
}

/// Runs a command without showing its words, unless it fails.
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
