//! Runs the checks, each in a process and a sandbox of its own.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::Trial;
use super::compile::Built;
use crate::error::{Error, Result};
use crate::sandbox::{LIMIT_MARK, Limits};
use crate::tree::HARNESS;

/// How one check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    /// The learner's code reached a `todo!`: its text.
    ToDo(String),
    /// A limit of the sandbox ended it: the limit's name.
    Limit(String),
    Wrong,
    /// The check says that this machine cannot show what it asks for: why.
    Unable(String),
}

/// One check and what it printed.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// `step3::the_old_root_is_gone`.
    pub name: String,
    pub verdict: Verdict,
    pub output: String,
}

impl Outcome {
    /// The step's number, from the name; 0 if the check names none.
    pub fn step(&self) -> usize {
        self.name.strip_prefix("step").and_then(|rest| rest.split("::").next()?.parse().ok()).unwrap_or(0)
    }
}

/// A check prints this, and a reason, when the machine lacks what it needs.
const UNABLE_MARK: &str = "check-unable: ";

/// Runs every check of the chapter, or of one step, on as many processors as
/// there are; the outcomes are in the order of their names.
pub fn grade(built: &Built, trial: &Trial) -> Result<Vec<Outcome>> {
    let names = names(built, trial.step)?;
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from).min(names.len().max(1));
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = one(built, name, trial.user);
                    if let Ok(mut outcomes) = outcomes.lock() {
                        outcomes.push(outcome);
                    }
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap_or_default();
    let mut outcomes = outcomes.into_iter().collect::<Result<Vec<_>>>()?;
    outcomes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(outcomes)
}

fn names(built: &Built, step: Option<usize>) -> Result<Vec<String>> {
    let output = Command::new(&built.checks).args(["--list", "--format", "terse"]).output();
    let output = output.map_err(Error::file("run", &built.checks))?;
    let prefix = step.map_or_else(String::new, |step| format!("step{step}::"));
    let names: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .filter(|name| name.starts_with(&prefix))
        .map(str::to_owned)
        .collect();
    if names.is_empty() {
        return Err(Error::Usage("there is no check for that step; see `cargo xtask list`".to_owned()));
    }
    Ok(names)
}

fn one(built: &Built, name: &str, user: Option<u32>) -> Result<Outcome> {
    let limits = Limits::default();
    let mut child = start(built, name, &limits, user)?;
    let group = Pid::from_raw(child.id().cast_signed());
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (out, err) = thread::scope(|scope| {
        let out = scope.spawn(|| read(out, limits.output, group));
        let err = scope.spawn(|| read(err, limits.output, group));
        (out.join().unwrap_or_default(), err.join().unwrap_or_default())
    });
    let success = child.wait().is_ok_and(|status| status.success());
    let overflow = out.1 || err.1;
    let output = format!("{}{}", out.0, err.0);
    let verdict = if overflow { Verdict::Limit("output".to_owned()) } else { verdict(success, &output) };
    Ok(Outcome { name: name.to_owned(), verdict, output })
}

/// The sandbox's keeper in a process group of its own, with pipes for its output.
fn start(built: &Built, name: &str, limits: &Limits, user: Option<u32>) -> Result<Child> {
    let harness = Path::new(HARNESS);
    let mut command = Command::new(harness);
    command.arg("sandbox").arg("--scratch").arg(&built.scratch);
    command.arg("--time").arg(limits.time.as_millis().to_string());
    if let Some(user) = user {
        command.arg("--user").arg(user.to_string());
    }
    command.arg("--").arg(&built.checks).args(["--exact", name, "--nocapture", "--test-threads=1"]);
    command.current_dir(&built.directory);
    command.env("GALLEY_CHECK_PROGRAM", &built.program).env("GALLEY_CHECK_PROBE", &built.probe);
    // insta: never write, always compare, show a diff, and do not ask cargo where it is.
    for (name, value) in [
        ("INSTA_UPDATE", "no"),
        ("INSTA_FORCE_PASS", "0"),
        ("INSTA_OUTPUT", "diff"),
        ("NO_COLOR", "1"),
        ("RUST_BACKTRACE", "0"),
    ] {
        command.env(name, value);
    }
    command.env("INSTA_WORKSPACE_ROOT", workspace(built));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    command.spawn().map_err(Error::file("run", harness))
}

/// Snapshots are found by the path that rustc compiled in, which is relative to
/// the workspace.
fn workspace(built: &Built) -> OsString {
    let parent = built.directory.parent().unwrap_or(&built.directory);
    let root = if parent.ends_with("exercises") { parent.parent().unwrap_or(parent) } else { parent };
    root.as_os_str().to_owned()
}

/// Reads to the end, or to the limit: then everything is killed. The flag tells
/// which it was.
fn read(pipe: Option<impl Read>, limit: usize, group: Pid) -> (String, bool) {
    let Some(pipe) = pipe else { return (String::new(), false) };
    let mut bytes = Vec::new();
    let result = pipe.take(limit as u64 + 1).read_to_end(&mut bytes);
    let over = bytes.len() > limit;
    if over || result.is_err() {
        // The sandbox's inner process dies with its keeper, and the rest with it.
        let _ = killpg(group, Signal::SIGKILL);
    }
    bytes.truncate(limit);
    (String::from_utf8_lossy(&bytes).into_owned(), over)
}

/// Judges by what the test harness says, not by the exit code alone: a check
/// whose process was made to exit with 0 has not passed.
fn verdict(success: bool, output: &str) -> Verdict {
    let marked =
        |mark: &str| output.lines().find_map(|line| line.split_once(mark)).map(|(_, rest)| rest.trim().to_owned());
    if let Some(limit) = marked(LIMIT_MARK) {
        Verdict::Limit(limit)
    } else if let Some(reason) = marked(UNABLE_MARK) {
        Verdict::Unable(reason)
    } else if success && output.contains("test result: ok. 1 passed") {
        Verdict::Passed
    } else if let Some(text) = marked("not yet implemented: ") {
        Verdict::ToDo(text)
    } else {
        Verdict::Wrong
    }
}
