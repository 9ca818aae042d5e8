//! The process that the record means, and never a stranger.

use std::fs;
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use checks::scratch;
use nix::fcntl::FlockArg;
use run::{Container, Error, LOCK, process};

use crate::step6::hold;
use crate::trace::{Call, calls};

/// A process that lives until it is dropped.
struct Sleeper(Child);

impl Sleeper {
    fn start() -> Self {
        Self(Command::new(checks::probe()).arg("pause:60").stdout(Stdio::null()).spawn().unwrap())
    }

    fn pid(&self) -> i32 {
        self.0.id().cast_signed()
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn record(pid: Option<i32>) -> Container {
    Container { name: "kitchen".to_owned(), pid, ..Container::default() }
}

fn is_refused(directory: &Path, pid: Option<i32>) -> bool {
    matches!(process(directory, &record(pid)), Err(Error::NotRunning(name)) if name == "kitchen")
}

#[test]
fn the_descriptor_is_that_of_the_recorded_process() {
    let (directory, sleeper) = (scratch(), Sleeper::start());
    let _lock = hold(directory.path(), FlockArg::LockExclusive);
    let process = process(directory.path(), &record(Some(sleeper.pid()))).unwrap();
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", process.as_fd().as_raw_fd())).unwrap();
    let number = info.lines().find_map(|line| line.strip_prefix("Pid:")).map(str::trim);
    assert_eq!(number, Some(sleeper.pid().to_string().as_str()), "the descriptor is another process's");
}

#[test]
fn a_stranger_with_the_number_is_left_alone() {
    let (directory, stranger) = (scratch(), Sleeper::start());
    fs::write(directory.path().join(LOCK), "").unwrap();
    assert!(
        is_refused(directory.path(), Some(stranger.pid())),
        "no monitor lives, so the number in the record is a stranger's by now, and was opened all the same"
    );
}

#[test]
fn what_was_never_started_or_has_ended_is_not_running() {
    let directory = scratch();
    let _lock = hold(directory.path(), FlockArg::LockExclusive);
    assert!(
        is_refused(directory.path(), None),
        "without a number in the record nothing was started: NotRunning, with the name"
    );
    let ended = Sleeper::start().pid();
    assert!(is_refused(directory.path(), Some(ended)), "the process has ended: NotRunning, with the name");
}

#[test]
fn the_monitor_is_asked_after_the_number_was_looked_up() {
    let (directory, sleeper) = (scratch(), Sleeper::start());
    let _lock = hold(directory.path(), FlockArg::LockExclusive);
    let text = serde_json::to_string(&record(Some(sleeper.pid()))).unwrap();
    fs::write(directory.path().join("state.json"), text).unwrap();
    let mut command = Command::new(checks::program_path(env!("CARGO_BIN_EXE_run")));
    command.arg("stop").arg(directory.path()).args(["SIGKILL", "5000"]).stderr(Stdio::null());
    let calls = calls(&mut command);
    let opened = calls.iter().position(|call| *call == Call::PidfdOpen);
    let asked = calls.iter().rposition(|call| *call == Call::Flock);
    assert!(opened.is_some(), "the number was never made a descriptor: see PidFd::open");
    assert!(
        asked > opened,
        "the monitor was asked for before pidfd_open: it may end between the two, and then the number is a stranger's"
    );
}
