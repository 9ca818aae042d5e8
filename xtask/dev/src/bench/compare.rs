//! Timing programs in pairs, so that whatever else the machine does meets both.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use nix::libc;

use xtask::error::{Error, Result};
use xtask::packages;

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

    /// How long one run takes. It must succeed: a failure would be fast.
    fn seconds(&self) -> Result<f64> {
        let begun = Instant::now();
        let status = self.quiet().status().map_err(cannot_run(self.name))?;
        let took = begun.elapsed().as_secs_f64();
        if status.success() { Ok(took) } else { Err(ended(self.name, status)) }
    }
}

/// galley and those of its peers that run here, warmed up. The others are named
/// with the reason, and counted.
pub fn those_that_run<'a>(galley: Contestant<'a>, peers: Vec<Contestant<'a>>) -> Result<Vec<Contestant<'a>>> {
    galley.seconds()?;
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
    if packages::find(peer.name).is_none() {
        return Err("is not installed".to_owned());
    }
    let output = (peer.command)().stdin(Stdio::null()).output().map_err(|error| format!("cannot be run: {error}"))?;
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("fails here: {}", words.lines().last().unwrap_or("it does not say why"))),
    }
}

/// What a race showed: how long galley took, in seconds, and what part of it each
/// peer's time is.
pub struct Outcome {
    pub galley: f64,
    /// galley's time in proportion to that of each peer, by name.
    pub ratios: Vec<(&'static str, f64)>,
}

impl Outcome {
    pub fn against(&self, peer: &str) -> Option<f64> {
        self.ratios.iter().find(|(name, _)| *name == peer).map(|(_, ratio)| *ratio)
    }
}

/// Runs the first contestant, which is galley, against each of the others in `rounds`
/// pairs, and prints medians.
///
/// Of each pair now the one and now the other goes first. It matters: after a quiet
/// while the first process that is moved into a control group waits some milliseconds
/// for all processors, and the next one does not. In a fixed order the same program
/// would pay for it each time.
///
/// # Errors
/// As a contestant's own run.
pub fn race(contestants: &[Contestant], rounds: usize) -> Result<Outcome> {
    let Some((galley, peers)) = contestants.split_first() else { return Ok(Outcome { galley: 0.0, ratios: vec![] }) };
    let alone = (0..rounds).map(|_| galley.seconds()).collect::<Result<Vec<f64>>>()?;
    let mut outcome = Outcome { galley: median(alone), ratios: Vec::new() };
    println!("  {:<24} {:8.1} ms", galley.name, outcome.galley * 1000.0);
    for peer in peers {
        let pair = |round| by_turns(round, || galley.seconds(), || peer.seconds());
        let pairs = (0..rounds).map(pair).collect::<Result<Vec<_>>>()?;
        let ratio = median(pairs.iter().map(|(ours, theirs)| ours / theirs));
        let ours = median(pairs.iter().map(|pair| pair.0)) * 1000.0;
        let theirs = median(pairs.iter().map(|pair| pair.1)) * 1000.0;
        println!("  {:<24} {theirs:8.1} ms   galley beside it {ours:.1} ms, ratio {ratio:.2}", peer.name);
        outcome.ratios.push((peer.name, ratio));
    }
    Ok(outcome)
}

/// Does both, now the one and now the other first; the results are in the order of the
/// arguments.
pub fn by_turns<T>(round: usize, one: impl Fn() -> Result<T>, other: impl Fn() -> Result<T>) -> Result<(T, T)> {
    if round.is_multiple_of(2) {
        let one = one()?;
        return Ok((one, other()?));
    }
    let other = other()?;
    Ok((one()?, other))
}

/// The median: a few runs while the machine is busy elsewhere do not move it.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
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
