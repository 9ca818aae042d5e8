//! Leaves the live demo at random points, in every possible way.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use course::CHAPTERS;
use fastrand::Rng;
use nix::sys::signal::{Signal, kill};

use super::demo::{all, joined, open, waits};
use super::leak_check::Host;
use super::tmux::{Size, Terminal, View, ended_within};
use crate::stage::Stage;
use crate::stage::quiet;
use xtask::error::{Error, Result};
use xtask::packages;
use xtask::repo::{HARNESS, Repo};

/// Points for each way; one of them is in the workshop.
const EACH: usize = 5;

/// How long a demo may take to remove everything.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Set to a number, it repeats the points of an earlier run.
const SEED: &str = "GALLEY_TEST_SEED";

#[derive(Clone, Copy, Debug)]
enum Way {
    /// `q`
    Key,
    /// Ctrl-C
    Interrupt,
    /// The terminal is closed.
    HangUp,
    /// `kill -9`, and then `cargo xtask clean`.
    Kill,
}

/// Twenty random points: nothing of the demo is left at any of them.
pub fn anywhere(repo: &Repo) -> Result<Stage> {
    if packages::find("tmux").is_none() {
        return Ok(Stage::Skipped("tmux is not installed; `cargo xtask setup` installs it".to_owned()));
    }
    let seed = match std::env::var(SEED) {
        Ok(text) => text.parse().map_err(|_| Error::Usage(format!("{SEED} is a number, not '{text}'")))?,
        Err(_) => fastrand::u64(..),
    };
    let mut random = Rng::with_seed(seed);
    for way in [Way::Key, Way::Interrupt, Way::HangUp, Way::Kill] {
        leave(repo, way, &mut random).map_err(|error| Error::Failed(format!("{SEED}={seed}, {way:?}: {error}")))?;
    }
    Ok(Stage::Passed(format!("by q, Ctrl-C, a closed terminal and kill -9, at {} points ({SEED}={seed})", 4 * EACH)))
}

/// One way, at several points at the same time.
fn leave(repo: &Repo, way: Way, random: &mut Rng) -> Result<()> {
    let before = Host::look(repo)?;
    let points: Vec<Point> = (0..EACH).map(|number| Point::choose(number, random)).collect();
    let terminals = thread::scope(|scope| {
        let running: Vec<_> = points.iter().map(|point| scope.spawn(|| point.reach(repo))).collect();
        all(running.into_iter().map(joined).collect())
    })?;
    terminals.into_iter().zip(&points).try_for_each(|(terminal, point)| {
        go(&terminal, way).map_err(|error| Error::Failed(format!("{point:?}: {error}")))
    })?;
    if let Way::Kill = way {
        quiet(Command::new(HARNESS).args(["xtask", "clean"]))?;
    }
    let deadline = Instant::now() + TIMEOUT;
    loop {
        let mut left = before.differences(&Host::look(repo)?);
        left.extend(in_its_files(repo)?);
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(Error::Failed(format!("{points:?}\n{}", left.join("\n"))));
        }
        sleep(Duration::from_millis(50));
    }
}

fn go(terminal: &Terminal, way: Way) -> Result<()> {
    // `None` if it has ended by itself meanwhile.
    let process = terminal.process()?;
    match (way, process) {
        (Way::Key, Some(_)) => terminal.press(&["q"])?,
        (Way::Interrupt, Some(_)) => terminal.press(&["C-c"])?,
        (Way::HangUp, _) => terminal.close()?,
        (Way::Kill, Some(process)) => kill(process, Signal::SIGKILL).map_err(Error::call("kill"))?,
        (_, None) => {}
    }
    if let Way::HangUp | Way::Kill = way {
        return match process.is_none_or(|process| ended_within(process, TIMEOUT)) {
            true => Ok(()),
            false => Err(Error::Failed("it goes on".to_owned())),
        };
    }
    let view = terminal.wait("end", TIMEOUT, |view| view.ended.is_some())?;
    if view.ended == Some(0) {
        return Ok(());
    }
    Err(Error::Failed(format!("it ended with {:?}:\n{}", view.ended, view.rows.join("\n"))))
}

/// Where to leave.
#[derive(Debug)]
struct Point {
    number: usize,
    /// A chapter and a step to jump to; or the workshop.
    chapter: Option<(String, usize)>,
    /// How often Enter is pressed from there.
    enters: usize,
    /// Whether a command was started and goes on, if it takes its time.
    running: bool,
}

impl Point {
    fn choose(number: usize, random: &mut Rng) -> Self {
        // The workshop can be played once at a time: its port is fixed.
        let chapter = (number > 0).then(|| {
            let chapter = &CHAPTERS[random.usize(..CHAPTERS.len())];
            (chapter.id(), 1 + random.usize(..chapter.steps.len()))
        });
        Self { number, chapter, enters: random.usize(..12), running: random.bool() }
    }

    /// Plays as far as this.
    fn reach(&self, repo: &Repo) -> Result<Terminal> {
        let chapter = self.chapter.iter().map(|(chapter, _)| chapter.as_str());
        let arguments: Vec<&str> = chapter.chain(["--quick"]).collect();
        let terminal = open(repo, &format!("leave{}", self.number), Size(80, 24), &arguments)?;
        let mut view = waits(&terminal, &View::default())?;
        if let Some((_, step)) = &self.chapter {
            terminal.press(&["j", &step.to_string(), "Enter"])?;
            let there = format!("Step {step}: ");
            view = terminal.wait("step that was asked for", TIMEOUT, |view| view.has(&there) && view.waits())?;
        }
        for _ in 0..self.enters {
            if view.ended.is_some() {
                return Ok(terminal);
            }
            terminal.press(&["Enter"])?;
            view = waits(&terminal, &view)?;
        }
        if self.running && view.ended.is_none() {
            terminal.press(&["Enter"])?;
        }
        Ok(terminal)
    }
}

/// What a demo left in its directory, and the processes that still use a mount made there.
fn in_its_files(repo: &Repo) -> Result<Vec<String>> {
    let directory = repo.target().join("tmp");
    let entries = fs::read_dir(&directory).map_err(Error::file("read", &directory))?.flatten();
    let homes = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("demo-"));
    let mut left: Vec<String> = homes.map(|home| format!("  left behind: {}", home.path().display())).collect();
    let made = directory.join("demo-").display().to_string();
    let proc = Path::new("/proc");
    for process in fs::read_dir(proc).map_err(Error::file("read", proc))?.flatten() {
        // One that has ended meanwhile uses nothing.
        let mounts = fs::read_to_string(process.path().join("mountinfo")).unwrap_or_default();
        if mounts.contains(&made) {
            left.push(format!("  left behind: process {} in a container", process.file_name().display()));
        }
    }
    Ok(left)
}
