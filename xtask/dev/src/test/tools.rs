//! The stages that are cargo's and other tools' work.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use course::CHAPTERS;

use crate::stage::{Stage, quiet};
use crate::{record, sync};
use xtask::cargo::{build, cargo, keep, lock_artifacts};
use xtask::error::{Error, Result};
use xtask::repo::{Repo, Tree};
use xtask::{files, tools};

/// The packages beside the chapters that have tests of their own.
const HARNESS: &[&str] = &["xtask", "dev", "course", "pages", "checks", "registry-server", "book-tool"];

pub fn formatted(repo: &Repo) -> Result<Stage> {
    for tree in [Tree::Exercises, Tree::Solutions] {
        quiet(cargo().args(["fmt", "--all", "--check", "--manifest-path"]).arg(repo.manifest(tree)))?;
    }
    Ok(Stage::Passed("both trees".to_owned()))
}

pub fn derived(repo: &Repo) -> Result<Stage> {
    sync::check(repo)?;
    Ok(Stage::Passed("starters, quotes and manifests".to_owned()))
}

/// Both trees share the chapters' tests, so these are linted with the reference only.
pub fn lint(repo: &Repo) -> Result<Stage> {
    clippy(repo, Tree::Solutions, &["--workspace", "--all-targets"])?;
    clippy(repo, Tree::Exercises, &["--workspace", "--lib", "--bins"])?;
    let harness: Vec<&str> = HARNESS.iter().flat_map(|package| ["--package", package]).collect();
    clippy(repo, Tree::Exercises, &[&harness, &["--all-targets"][..]].concat())?;
    Ok(Stage::Passed("rustc and clippy have nothing to say".to_owned()))
}

fn clippy(repo: &Repo, tree: Tree, which: &[&str]) -> Result<()> {
    let mut command = cargo();
    command.args(["clippy", "--quiet"]).args(which).arg("--manifest-path").arg(repo.manifest(tree));
    command.arg("--target-dir").arg(repo.target()).args(["--", "--deny", "warnings"]);
    quiet(&mut command).map(drop)
}

pub fn unit_tests(repo: &Repo) -> Result<Stage> {
    let mut command = cargo();
    command.args(["test", "--quiet", "--manifest-path"]).arg(repo.manifest(Tree::Exercises));
    HARNESS.iter().for_each(|package| {
        command.args(["--package", package]);
    });
    let output = quiet(&mut command)?;
    Ok(Stage::Passed(format!("{} tests", passed(&String::from_utf8_lossy(&output.stdout)))))
}

/// The tests that call programs which others wrote.
const PEERS: [&str; 3] = ["interchange", "peers", "platforms"];

/// Debian's registry, skopeo, podman and buildah against the reference.
pub fn peers(repo: &Repo) -> Result<Stage> {
    integration_tests(repo, |_, test| PEERS.contains(&test)).map(Stage::of)
}

/// Every command of the reference's galley, as root and as an ordinary user.
pub fn command_line(repo: &Repo) -> Result<Stage> {
    integration_tests(repo, |package, test| package == "galley" && !PEERS.contains(&test)).map(Stage::of)
}

/// The other tests of chapters and support crates, for example with registries that fail,
/// lie, or require TLS.
pub fn given(repo: &Repo) -> Result<Stage> {
    let units = passed(&tests_of(repo, &["--workspace", "--lib", "--bins"], None)?);
    let (words, reasons) = integration_tests(repo, |package, test| package != "galley" && !PEERS.contains(&test))?;
    Ok(Stage::of((format!("{words}, {units} of single modules"), reasons)))
}

/// Runs the tests below `tests/` for which `wanted` holds, by package and name. The checks of
/// chapters are not among them.
fn integration_tests(repo: &Repo, wanted: impl Fn(&str, &str) -> bool) -> Result<(String, Vec<String>)> {
    let exercises = repo.tree(Tree::Exercises);
    let mut which: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for manifest in files::list(&exercises)?.iter().filter(|file| file.ends_with("Cargo.toml")) {
        let text = files::read(&exercises.join(manifest))?;
        let package =
            text.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).unwrap_or_default();
        let directory = exercises.join(manifest).with_file_name("tests");
        for file in files::list(&directory).unwrap_or_default() {
            let name = match (file.parent(), file.file_name().and_then(|name| name.to_str())) {
                (Some(parent), Some("main.rs")) => parent,
                (Some(parent), Some(name)) if parent == Path::new("") => Path::new(name.trim_end_matches(".rs")),
                _ => continue,
            };
            let name = name.to_string_lossy().into_owned();
            if name != "checks" && wanted(package, &name) {
                which.entry(package.to_owned()).or_default().insert(name);
            }
        }
    }
    let mut text = String::new();
    for (package, tests) in which {
        let names = tests.iter().flat_map(|test| ["--test", test.as_str()]);
        let which: Vec<&str> = ["--package", package.as_str()].into_iter().chain(names).collect();
        text.push_str(&tests_of(repo, &which, kept_program(repo, &package)?)?);
    }
    // A test that lacks something prints a line with the reason, and passes.
    let reasons: BTreeSet<&str> = text.lines().filter_map(|line| Some(line.split_once("skipped: ")?.1)).collect();
    Ok((format!("{} tests", passed(&text)), reasons.into_iter().map(str::to_owned).collect()))
}

/// The reference's program of a chapter, kept where no other build overwrites it: stages
/// that run at the same time build the exercises and stored solutions.
fn kept_program(repo: &Repo, package: &str) -> Result<Option<PathBuf>> {
    if !CHAPTERS.iter().any(|chapter| chapter.name == package) {
        return Ok(None);
    }
    let _lock = lock_artifacts(repo.target())?;
    let built = build(repo.target(), &repo.manifest(Tree::Solutions), &["build", "--package", package], false)?;
    let built = built.map_err(Error::Failed)?;
    let found = built.iter().find(|artifact| artifact.kind == "bin");
    found.map(|artifact| keep(&artifact.path, &repo.target().join("test-programs"))).transpose()
}

/// Runs tests of the reference, and returns what they printed. A chapter's `program` is
/// named to its tests.
fn tests_of(repo: &Repo, which: &[&str], program: Option<PathBuf>) -> Result<String> {
    let mut command = cargo();
    command.envs(program.map(|program| ("GALLEY_CHECK_PROGRAM", program)));
    command.args(["test", "--quiet"]).args(which).arg("--manifest-path").arg(repo.manifest(Tree::Solutions));
    command.arg("--target-dir").arg(repo.target()).args(["--", "--nocapture"]);
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

/// The reports of checks are compared where the solutions are graded.
pub fn terminals(repo: &Repo) -> Result<Stage> {
    Ok(Stage::of(record::check_terminals(repo)?))
}

pub fn book(repo: &Repo) -> Result<Stage> {
    let tool = tools::tool(repo, "book-tool")?;
    quiet(Command::new(&tool).arg("build").current_dir(repo.root()))?;
    quiet(Command::new(&tool).arg("lint").current_dir(repo.root()))?;
    Ok(Stage::Passed("built without a warning, and linted".to_owned()))
}

/// Needs chromium and npm; exit code 3 says that this machine lacks them.
pub fn browser(repo: &Repo) -> Result<Stage> {
    let tool = tools::tool(repo, "book-tool")?;
    let mut command = Command::new(&tool);
    command.arg("browser").current_dir(repo.root());
    let output = command.output().map_err(Error::file("run", &tool))?;
    let words = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).trim().to_owned();
    let last = words.lines().last().unwrap_or_default().to_owned();
    match output.status.code() {
        Some(0) => Ok(Stage::Passed(last)),
        Some(3) => Ok(Stage::Skipped(last)),
        _ => Err(Error::Failed(words)),
    }
}
