//! Runs the checks, each in a process and a sandbox of its own.

use std::io::{PipeReader, Read, pipe};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use std::{fs, thread};

use super::compile::Built;
use super::order::as_written;
use crate::error::{Error, Result};
use crate::repo::HARNESS;
use crate::sandbox::{Ended, Limits};

/// How to grade, where it differs from the default.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only this step's checks.
    pub step: Option<usize>,
    /// Run them as this user, which only root can.
    pub user: Option<u32>,
    /// Begin no further check once one has found a fault: the report shows only the first.
    pub to_first_fault: bool,
    /// Put this program in the place of the chapter's.
    pub program: Option<PathBuf>,
    /// How long one check may take, if not as long as by default.
    pub time: Option<Duration>,
}

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
    /// The limits that it ran with.
    pub limits: Limits,
}

impl Outcome {
    /// The step's number, from the name; 0 if the check names none.
    pub fn step(&self) -> usize {
        self.name.strip_prefix("step").and_then(|rest| rest.split("::").next()?.parse().ok()).unwrap_or(0)
    }
}

/// The test that comes last in every chapter's checks (`checks::last_check!`). It runs
/// after each check and prints the run's token: a check whose process was made to
/// exit before has not passed, whatever it printed.
const LAST_CHECK: &str = "zzz_the_end";

/// What the last test prints before the token; and what a check prints before the token and
/// the reason if the machine lacks something.
const END_MARK: &str = "check-end ";
const UNABLE_MARK: &str = "check-unable ";

/// Runs every check of the chapter, or of one step, on as many processors as
/// there are; the outcomes are in the order in which the checks are written.
pub fn grade(built: &Built, options: &Options) -> Result<Vec<Outcome>> {
    let names = names(built, options.step)?;
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from).min(names.len().max(1));
    let enough = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                // In order: what comes before the first fault has been begun by then.
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(name) = names.get(place) else { break };
                    if enough.load(Ordering::Relaxed) {
                        break;
                    }
                    let outcome = one(built, name, options);
                    let faulty = outcome.as_ref().is_ok_and(|outcome| outcome.verdict != Verdict::Passed);
                    enough.fetch_or(options.to_first_fault && faulty, Ordering::Relaxed);
                    if let Ok(mut outcomes) = outcomes.lock() {
                        outcomes.push((place, outcome));
                    }
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_default();
    outcomes.sort_by_key(|(place, _)| *place);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

fn names(built: &Built, step: Option<usize>) -> Result<Vec<String>> {
    let output = Command::new(&built.checks).args(["--list", "--format", "terse"]).output();
    let output = output.map_err(Error::file("run", &built.checks))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let listed = || text.lines().filter_map(|line| line.strip_suffix(": test"));
    if !listed().any(|name| name == LAST_CHECK) {
        let fault = format!("has no test {LAST_CHECK}: `checks::last_check!();` belongs in its main.rs");
        return Err(Error::Program { program: built.checks.display().to_string(), fault });
    }
    let prefix = step.map_or_else(String::new, |step| format!("step{step}::"));
    let names: Vec<String> =
        listed().filter(|name| name.starts_with(&prefix) && *name != LAST_CHECK).map(str::to_owned).collect();
    if names.is_empty() {
        return Err(Error::Usage("there is no check for that step; see `cargo xtask list`".to_owned()));
    }
    Ok(as_written(names, &built.directory.join("tests/checks")))
}

fn one(built: &Built, name: &str, options: &Options) -> Result<Outcome> {
    let usual = Limits::default();
    let limits = Limits { time: options.time.unwrap_or(usual.time), ..usual };
    let token = token()?;
    let (report, report_end) = pipe().map_err(Error::file("make", "a pipe".as_ref()))?;
    let mut command = command(built, name, &limits, options.user);
    command.env("GALLEY_CHECK_TOKEN", &token).stdin(Stdio::from(report_end));
    let mut child = command.spawn().map_err(Error::file("run", Path::new(HARNESS)))?;
    // The command has a copy of the pipe's end, which would keep it open.
    drop(command);
    let heard = listen(&mut child, report, limits.output);
    child.wait().map_err(Error::file("wait for", Path::new(HARNESS)))?;
    let (verdict, output) = heard.judge(name, &token)?;
    Ok(Outcome { name: name.to_owned(), verdict, output, limits })
}

/// A word that nothing printed by accident can hold.
fn token() -> Result<String> {
    let path = Path::new("/proc/sys/kernel/random/uuid");
    fs::read_to_string(path).map(|uuid| uuid.trim().to_owned()).map_err(Error::file("read", path))
}

/// The sandbox's supervisor in a process group of its own, with pipes for its output.
fn command(built: &Built, name: &str, limits: &Limits, user: Option<u32>) -> Command {
    let mut command = Command::new(HARNESS);
    command.arg("sandbox").arg("--scratch").arg(&built.scratch);
    command.arg("--time").arg(limits.time.as_millis().to_string());
    if let Some(user) = user {
        command.arg("--user").arg(user.to_string()).arg("--repository").arg(&built.root);
    }
    command.arg("--").arg(&built.checks).args(["--exact", name, LAST_CHECK, "--nocapture", "--test-threads=1"]);
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
    command.env("INSTA_WORKSPACE_ROOT", &built.snapshots);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    command
}

/// What came out of a sandbox.
struct Heard {
    /// What the check and the learner's code printed.
    output: String,
    /// What the supervisor reported; `None` if the output was too much.
    report: Option<String>,
}

/// Reads until the sandbox has ended. At too much output the report's pipe is
/// closed, and the supervisor, which notices, ends everything.
fn listen(child: &mut Child, report: PipeReader, limit: usize) -> Heard {
    let report = Mutex::new(Some(report));
    let give_up = || report.lock().map(|mut report| report.take()).is_ok();
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (out, err) = thread::scope(|scope| {
        let out = scope.spawn(|| read(out, limit, give_up));
        let err = scope.spawn(|| read(err, limit, give_up));
        (out.join().unwrap_or_default(), err.join().unwrap_or_default())
    });
    let mut text = String::new();
    let report = report.into_inner().ok().flatten().filter(|mut report| report.read_to_string(&mut text).is_ok());
    Heard { output: format!("{out}{err}"), report: report.map(|_| text) }
}

/// Reads to the end, or to the limit. Bytes that are not UTF-8 become replacement characters.
fn read(pipe: Option<impl Read>, limit: usize, give_up: impl Fn() -> bool) -> String {
    let Some(pipe) = pipe else { return String::new() };
    let mut bytes = Vec::new();
    let result = pipe.take(limit as u64 + 1).read_to_end(&mut bytes);
    if bytes.len() > limit || result.is_err() {
        give_up();
    }
    bytes.truncate(limit);
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Heard {
    /// Judges by the supervisor's report and the test process's exit code, which no
    /// program that a check starts can change, and by marks with this run's token.
    ///
    /// Learner code that runs in the check's own process could find the token if it
    /// looked for it, and would only cheat its author.
    fn judge(self, name: &str, token: &str) -> Result<(Verdict, String)> {
        let Self { output, report } = self;
        let Some(report) = report else { return Ok((Verdict::Limit("output".to_owned()), output)) };
        let ended = Ended::read(&report).map_err(|error| error.during(name))?;
        if let Some(limit) = ended.limit {
            return Ok((Verdict::Limit(limit), output));
        }
        let marked =
            |mark: &str| output.lines().find_map(|line| line.split_once(mark)).map(|(_, rest)| rest.trim().to_owned());
        let verdict = if ended.code == Some(0) && output.contains(&format!("{END_MARK}{token}")) {
            marked(&format!("{UNABLE_MARK}{token} ")).map_or(Verdict::Passed, Verdict::Unable)
        } else if let Some(text) = marked("not yet implemented: ") {
            Verdict::ToDo(text)
        } else {
            let cause = early_end(ended.code.unwrap_or_default());
            return Ok((
                Verdict::Wrong,
                cause.map_or(output.clone(), |cause| format!("check-cause {cause}\n{output}")),
            ));
        };
        Ok((verdict, output))
    }
}

/// Why a check's process ended before the check had judged anything, if it did; 101
/// is how it ends after a failed one.
fn early_end(code: u8) -> Option<String> {
    match code {
        101 => None,
        129.. => Some(format!("the check itself was killed by signal {}: it was signaled from inside", code - 128)),
        _ => Some(format!("your code ended the check itself with exit code {code}: return, and let the caller exit")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(report: &str, output: &str) -> Verdict {
        let heard = Heard { output: output.to_owned(), report: Some(report.to_owned()) };
        heard.judge("step1::x", "secret").expect("the sandbox worked").0
    }

    #[test]
    fn a_pass_takes_the_code_and_the_token() {
        assert_eq!(verdict("code 0\n", "check-end secret\n"), Verdict::Passed);
        assert_eq!(verdict("code 101\n", "check-end secret\n"), Verdict::Wrong);
        assert_eq!(verdict("code 0\n", "test result: ok. 1 passed\ncheck-end guess\n"), Verdict::Wrong);
        assert_eq!(verdict("code 0\n", ""), Verdict::Wrong);
    }

    #[test]
    fn printed_marks_decide_nothing() {
        assert_eq!(verdict("code 101\n", "check-unable: no cgroups\n"), Verdict::Wrong);
        assert_eq!(verdict("code 101\n", "check-unable secret no cgroups\ncheck-end secret\n"), Verdict::Wrong);
        assert_eq!(verdict("code 101\n", "check-limit time\nlimit time\n"), Verdict::Wrong);
    }

    #[test]
    fn the_check_itself_can_say_that_it_cannot() {
        let reason = "no memory.peak".to_owned();
        let output = "check-unable secret no memory.peak\ntest … ok\ncheck-end secret\n";
        assert_eq!(verdict("code 0\n", output), Verdict::Unable(reason));
    }

    #[test]
    fn a_limit_is_the_keepers_word() {
        assert_eq!(verdict("limit memory\ncode 124\n", "check-end secret\n"), Verdict::Limit("memory".to_owned()));
    }
}
