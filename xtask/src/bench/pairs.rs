//! Timing programs in turns, so that whatever else the machine does meets them all.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::libc;

use crate::error::{Error, Result};
use crate::setup;

/// A program that takes part: its name, and how it is called.
pub struct Contestant<'a> {
    pub name: &'static str,
    command: Box<dyn Fn() -> Command + 'a>,
}

impl<'a> Contestant<'a> {
    pub fn new(name: &'static str, command: impl Fn() -> Command + 'a) -> Self {
        Self { name, command: Box::new(command) }
    }

    fn quiet(&self) -> Command {
        let mut command = (self.command)();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// One run, which must succeed: a failure would be fast.
    fn time(&self) -> Result<Duration> {
        let begun = Instant::now();
        let status = self.quiet().status().map_err(cannot_run(self.name))?;
        let took = begun.elapsed();
        if status.success() { Ok(took) } else { Err(ended(self.name, status)) }
    }
}

/// galley and those of its peers that run here, warmed up. The others are named
/// with the reason, and counted.
pub fn those_that_run<'a>(galley: Contestant<'a>, peers: Vec<Contestant<'a>>) -> Result<Vec<Contestant<'a>>> {
    galley.time()?;
    let (mut taking_part, wanted) = (vec![galley], peers.len());
    for peer in peers {
        match try_out(&peer) {
            Ok(()) => taking_part.push(peer),
            Err(reason) => println!("  skipped: {} {reason}", peer.name),
        }
    }
    println!("  peers: {} of {wanted}", taking_part.len() - 1);
    Ok(taking_part)
}

fn try_out(peer: &Contestant) -> std::result::Result<(), String> {
    if setup::find(peer.name).is_none() {
        return Err("is not installed".to_owned());
    }
    let output = (peer.command)().stdin(Stdio::null()).output().map_err(|error| format!("cannot be run: {error}"))?;
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("fails here: {}", words.lines().last().unwrap_or("it does not say why"))),
    }
}

/// Runs all of them in turns, `rounds` times. Prints each one's median, and what
/// galley's is in proportion to it; returns the medians in the same order.
pub fn race(contestants: &[Contestant], rounds: usize) -> Result<Vec<Duration>> {
    let mut times = vec![Vec::new(); contestants.len()];
    for _ in 0..rounds {
        for (contestant, times) in contestants.iter().zip(&mut times) {
            times.push(contestant.time()?);
        }
    }
    let medians: Vec<Duration> = times.into_iter().map(middle).collect();
    let first = medians.first().copied().unwrap_or_default();
    for (contestant, median) in contestants.iter().zip(&medians) {
        let ratio = first.as_secs_f64() / median.as_secs_f64();
        let milliseconds = median.as_secs_f64() * 1000.0;
        println!("  {:<24} {milliseconds:8.1} ms   galley takes {ratio:.2} of that", contestant.name);
    }
    Ok(medians)
}

/// The median: a few runs while the machine is busy elsewhere do not move it.
pub fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Runs a command, which must succeed; returns the most memory that it, or one of
/// those it waited for, had at once, in bytes: wait4(2), `ru_maxrss`.
pub fn peak_memory(name: &'static str, command: &mut Command) -> Result<u64> {
    // The wait is below, because the standard library's tells no usage.
    #[allow(clippy::zombie_processes, reason = "wait4 waits for it")]
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().map_err(cannot_run(name))?;
    let mut status = 0;
    // SAFETY: `rusage` is plain old data, for which all zeroes is a valid value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the child is ours and nobody else waits for it; both places outlive the call.
    let result = unsafe { libc::wait4(child.id().cast_signed(), &raw mut status, 0, &raw mut usage) };
    nix::errno::Errno::result(result).map_err(Error::call("wait4"))?;
    match ExitStatus::from_raw(status) {
        status if status.success() => Ok(u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024),
        status => Err(ended(name, status)),
    }
}

fn cannot_run(name: &str) -> impl FnOnce(io::Error) -> Error {
    let program = name.to_owned();
    move |error| Error::Program { program, fault: error.to_string() }
}

fn ended(name: &str, status: ExitStatus) -> Error {
    Error::Program { program: name.to_owned(), fault: format!("ended with {status}") }
}
