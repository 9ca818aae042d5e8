//! What a learner waits for: a first check on a fresh clone of the last commit, one
//! where nothing changed, and one after an edit.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

use super::compare::median;
use super::scratch::in_scratch;
use xtask::cargo::cargo;
use xtask::error::{Error, Result};
use xtask::repo::Repo;

/// How often a warm command is run; the median counts.
const RUNS: usize = 7;

/// Measures the harness and prints a line for each budget.
pub fn run(repo: &Repo) -> Result<()> {
    in_scratch(repo, |scratch| measure(repo, &scratch.join("clone")))
}

fn measure(repo: &Repo, clone: &Path) -> Result<()> {
    println!("crates of xtask's own: {} (at most 20)", crates(repo)?);
    shell(Command::new("git").args(["clone", "--quiet"]).arg(repo.root()).arg(clone))?;
    // The crates are downloaded first: the network is not what is measured.
    shell(cargo().args(["fetch", "--quiet"]).current_dir(clone))?;

    let (_, cpu) = check(clone)?;
    println!("first `check ch1` on a fresh clone: {:.1} CPU-seconds (at most 20)", cpu.as_secs_f32());
    println!("nothing changed: {:.2} s (at most 0.5)", usual(|| check(clone))?);
    let source = clone.join("exercises/ch1-chroot/src/lib.rs");
    let edited = usual(|| {
        let mut file = OpenOptions::new().append(true).open(&source).map_err(Error::file("open", &source))?;
        writeln!(file, "// edited").map_err(Error::file("write", &source))?;
        check(clone)
    })?;
    println!("after an edit: {:.2} s (at most 2)", edited);
    Ok(())
}

/// The packages of the lock file that the harness is built from, itself included.
fn crates(repo: &Repo) -> Result<usize> {
    let output = cargo()
        .args(["tree", "--package", "xtask", "--prefix", "none", "--edges", "normal,build", "--no-dedupe"])
        .current_dir(repo.root())
        .output()
        .map_err(|error| Error::Program { program: "cargo".into(), fault: error.to_string() })?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.lines().filter(|line| !line.trim().is_empty()).collect::<std::collections::BTreeSet<_>>().len())
}

/// One check of the starters, which is expected to find them unwritten.
fn check(clone: &Path) -> Result<(Duration, Duration)> {
    let (begun, before) = (Instant::now(), children()?);
    let mut command = cargo();
    command.args(["xtask", "check", "ch1"]).current_dir(clone).stdout(Stdio::null()).stderr(Stdio::null());
    let status =
        command.status().map_err(|error| Error::Program { program: "cargo".into(), fault: error.to_string() })?;
    if status.code() != Some(1) {
        return Err(Error::Failed(format!("`cargo xtask check ch1` ended with {status}, not with 1")));
    }
    Ok((begun.elapsed(), children()?.saturating_sub(before)))
}

/// The median of some runs, in seconds.
fn usual(mut once: impl FnMut() -> Result<(Duration, Duration)>) -> Result<f64> {
    let times = (0..RUNS).map(|_| once().map(|(wall, _)| wall.as_secs_f64())).collect::<Result<Vec<_>>>()?;
    Ok(median(times))
}

/// The CPU time of every child that was waited for, theirs included.
fn children() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(Error::call("getrusage"))?;
    let seconds = |time: TimeVal| {
        Duration::from_secs(time.tv_sec().unsigned_abs()) + Duration::from_micros(time.tv_usec().unsigned_abs())
    };
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

fn shell(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status =
        command.status().map_err(|error| Error::Program { program: name.clone(), fault: error.to_string() })?;
    if status.success() { Ok(()) } else { Err(Error::Program { program: name, fault: format!("ended with {status}") }) }
}
