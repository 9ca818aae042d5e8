//! Ask, wait, insist: judged by the signal that ended the process.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use run::stop;
use sys::PidFd;

/// A process that holds; it has reported `lines` lines, so what it was asked to
/// ignore is ignored.
fn process(arguments: &[&str], lines: usize) -> Child {
    let mut child = Command::new(checks::probe())
        .args(arguments)
        .arg("hold")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.as_mut().unwrap());
    for _ in 0..lines {
        output.read_line(&mut String::new()).unwrap();
    }
    child
}

#[test]
fn a_process_that_listens_ends_by_the_signal_and_at_once() {
    let mut child = process(&["pid"], 1);
    let handle = PidFd::open(child.id().cast_signed()).unwrap().unwrap();
    let start = Instant::now();
    let by_itself = stop(&handle, Signal::SIGTERM, Duration::from_secs(10));
    let took = start.elapsed();
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(Signal::SIGTERM as i32), "it was not SIGTERM that ended the process: {status}");
    assert!(by_itself.unwrap(), "the process ended when it was asked to, so the answer is true");
    assert!(took < Duration::from_secs(5), "the whole grace was waited, though the process had ended: {took:?}");
}

#[test]
fn one_that_does_not_listen_is_killed_after_the_grace() {
    let mut child = process(&["ignore:SIGTERM"], 1);
    let handle = PidFd::open(child.id().cast_signed()).unwrap().unwrap();
    let start = Instant::now();
    let by_itself = stop(&handle, Signal::SIGTERM, Duration::from_millis(700));
    let took = start.elapsed();
    // Whatever the step did, the check's process must not stay.
    let alive = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(!alive, "the process ignored SIGTERM and still runs: after the grace comes SIGKILL");
    assert_eq!(status.signal(), Some(Signal::SIGKILL as i32), "a process that ignores SIGTERM can only end by SIGKILL");
    assert!(took >= Duration::from_millis(700), "SIGKILL came before the grace was over: {took:?}");
    assert!(!by_itself.unwrap(), "the process did not end by itself, so the answer is false");
}

#[test]
fn the_signal_is_the_one_that_was_named() {
    let mut child = process(&["ignore:SIGTERM"], 1);
    let handle = PidFd::open(child.id().cast_signed()).unwrap().unwrap();
    let result = stop(&handle, Signal::SIGINT, Duration::from_secs(10));
    let status = child.wait().unwrap();
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(status.signal(), Some(Signal::SIGINT as i32), "STOPSIGNAL was SIGINT, and something else was sent");
}

#[test]
fn one_that_has_ended_already_is_no_error() {
    let mut child = process(&["pid"], 1);
    let handle = PidFd::open(child.id().cast_signed()).unwrap().unwrap();
    // Waited for, so the number is free again; only the descriptor still knows it.
    child.kill().unwrap();
    child.wait().unwrap();
    let result = stop(&handle, Signal::SIGTERM, Duration::from_secs(10));
    assert!(matches!(result, Ok(true)), "the process had ended before it was asked: that is no fault, but {result:?}");
}
