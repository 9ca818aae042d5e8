//! Timing with hyperfine, peak memory, and the verdict on both.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use nix::libc;
use serde_json::Value;

use xtask::error::{Error, Result};
use xtask::files;
use xtask::packages::find;
use xtask::repo::Repo;

use crate::stage::quiet;

/// A command that is timed.
pub struct Timed {
    /// The program's name.
    pub name: &'static str,
    /// What is run, as one types it.
    command: String,
    /// What is run before each time, and not timed.
    prepare: String,
}

/// What one command took, in seconds.
pub struct Took {
    /// The median of all runs.
    pub wall: f64,
    /// CPU time of one run, children included.
    pub cpu: f64,
}

impl Timed {
    /// A program with its arguments.
    pub fn new(name: &'static str, words: &[&str]) -> Self {
        let command = shlex::try_join(words.iter().copied()).unwrap_or_default();
        Self { name, command, prepare: "true".to_owned() }
    }

    /// The same, with a shell command that is run before each time.
    pub fn after(self, prepare: &str) -> Self {
        let prepare = shlex::try_join(["sh", "-c", prepare]).unwrap_or_default();
        Self { prepare, ..self }
    }
}

/// Runs each command once to warm up and then `runs` times, with all exit codes that are
/// in `codes` taken for success.
///
/// # Errors
/// [`Error::Machine`] without hyperfine, and [`Error::Failed`] with its words if a command fails.
pub fn time(commands: &[&Timed], runs: usize, warm_up: bool, any_code: bool) -> Result<Vec<Took>> {
    need(&["hyperfine"])?;
    let directory = tempfile::tempdir().map_err(Error::file("make", Path::new("a temporary directory")))?;
    let report = directory.path().join("report.json");
    let mut hyperfine = Command::new("hyperfine");
    hyperfine.args(["--shell", "none", "--warmup", if warm_up { "1" } else { "0" }, "--runs", &runs.to_string()]);
    hyperfine.arg("--export-json").arg(&report);
    if any_code {
        hyperfine.arg("--ignore-failure");
    }
    for command in commands {
        hyperfine.args(["--prepare", &command.prepare, &command.command]);
    }
    quiet(&mut hyperfine)?;
    let report: Value = serde_json::from_str(&files::read(&report)?).unwrap_or_default();
    let seconds = |result: &Value, key: &str| result[key].as_f64().unwrap_or(f64::NAN);
    let results = report["results"].as_array().map(Vec::as_slice).unwrap_or_default();
    let took =
        |result| Took { wall: seconds(result, "median"), cpu: seconds(result, "user") + seconds(result, "system") };
    Ok(results.iter().map(took).collect())
}

/// Times galley and those of its peers that run here, and prints medians. The others are
/// named with the reason, and counted. Returns how long galley took, in seconds, and for
/// each peer by its name the proportion of galley's time to that.
pub fn race(galley: &Timed, peers: &[Timed], runs: usize) -> Result<(f64, Vec<(&'static str, f64)>)> {
    let mut running = vec![galley];
    for peer in peers {
        match try_out(peer) {
            Ok(()) => running.push(peer),
            Err(reason) => println!("  skipped: {} {reason}", peer.name),
        }
    }
    println!("  peers: {} of {}", running.len() - 1, peers.len());
    let took = time(&running, runs, true, false)?;
    let ours = took.first().map_or(f64::NAN, |took| took.wall);
    for (command, took) in running.iter().zip(&took) {
        println!("  {:<24} {:8.1} ms, ratio {:.2}", command.name, took.wall * 1000.0, ours / took.wall);
    }
    Ok((ours, running.iter().zip(took).skip(1).map(|(peer, took)| (peer.name, ours / took.wall)).collect()))
}

fn try_out(peer: &Timed) -> std::result::Result<(), String> {
    if find(peer.name).is_none() {
        return Err("is not installed".to_owned());
    }
    let script = format!("{} && exec {}", peer.prepare, peer.command);
    let output = Command::new("sh").args(["-c", &script]).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot be run: {error}"))?;
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    let reason = || format!("fails here: {}", words.lines().last().unwrap_or("it does not say why"));
    if output.status.success() { Ok(()) } else { Err(reason()) }
}

/// Runs a command, which must succeed. Returns the most memory that it or one of its
/// children had at once, in megabytes: wait4(2), `ru_maxrss`.
pub fn peak_memory(command: &mut Command) -> Result<f64> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |fault: String| Error::Program { program: program.clone(), fault };
    // The wait is below, because the standard library's tells no usage.
    #[allow(clippy::zombie_processes, reason = "wait4 waits for it")]
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let child = child.map_err(|error| failed(error.to_string()))?;
    let mut status = 0;
    // SAFETY: `rusage` is plain old data, for which all zeroes is a valid value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the child is ours and nobody else waits for it; both places outlive the call.
    let result = unsafe { libc::wait4(child.id().cast_signed(), &raw mut status, 0, &raw mut usage) };
    nix::errno::Errno::result(result).map_err(Error::call("wait4"))?;
    match ExitStatus::from_raw(status) {
        status if status.success() => Ok(usage.ru_maxrss as f64 * 1024.0 / 1e6),
        status => Err(failed(format!("ended with {status}"))),
    }
}

/// Fails, with the remedy, if one of these programs is not installed.
pub fn need(programs: &[&str]) -> Result<()> {
    match programs.iter().find(|program| find(program).is_none()) {
        Some(missing) => Err(Error::Machine {
            lack: format!("has no {missing}"),
            remedy: "`cargo xtask setup` installs it".to_owned(),
        }),
        None => Ok(()),
    }
}

/// Works in an empty directory below `target`, and removes it.
pub fn in_scratch(repo: &Repo, work: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let scratch = repo.target().join("tmp").join(format!("bench-{}", std::process::id()));
    files::create_dir(&scratch)?;
    let result = work(&scratch);
    files::remove(&scratch)?;
    result
}

/// Prints a measured value beside its budget; says so if it is over.
pub fn judge(what: &str, measured: f64, budget: f64, unit: &str) -> Result<()> {
    let line = format!("{what}: {measured:.3}{unit} (at most {budget}{unit})");
    if measured <= budget {
        println!("{line}");
        return Ok(());
    }
    Err(Error::Failed(format!("{line}: over its budget")))
}

/// Writes bytes that nothing makes shorter, so that a layer of them is as large.
pub fn noise(path: &Path, size: u64) -> Result<()> {
    let (source, count) = (Path::new("/dev/urandom"), format!("count={size}"));
    let mut dd = Command::new("dd");
    dd.arg(format!("if={}", source.display())).arg(format!("of={}", path.display()));
    quiet(dd.args(["bs=1M", "iflag=count_bytes,fullblock", &count])).map(drop)
}
