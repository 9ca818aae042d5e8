use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// How a real process ended that was asked to do `request`.
#[expect(clippy::zombie_processes, reason = "waitpid(2) takes the place of Child::wait")]
fn ended(request: &str) -> WaitStatus {
    let child = Command::new(super::probe()).arg(request).spawn().expect("the probe can be started");
    let pid = Pid::from_raw(child.id() as i32);
    let status = waitpid(pid, Some(WaitPidFlag::WUNTRACED)).expect("the probe can be waited for");
    if matches!(status, WaitStatus::Stopped(..)) {
        kill(pid, Signal::SIGKILL).expect("the probe can be ended");
        waitpid(pid, None).expect("the probe can be waited for");
    }
    status
}

#[test]
fn an_exit_gives_its_own_code() {
    for code in [0, 1, super::some_code(), 125, 255] {
        let status = ended(&format!("exit:{code}"));
        assert_eq!(chroot::exit_code(status), code, "the process called exit({code}), and wait gave {status:?}");
    }
}

#[test]
fn a_signal_gives_128_and_its_number() {
    for (signal, code) in [("SIGINT", 130), ("SIGABRT", 134), ("SIGKILL", 137), ("SIGTERM", 143)] {
        let status = ended(&format!("signal:{signal}"));
        assert_eq!(
            chroot::exit_code(status),
            code,
            "the process was ended by {signal}: the code is 128 plus its number, as in a shell"
        );
    }
}

#[test]
fn a_stop_is_no_end() {
    let status = ended("signal:SIGSTOP");
    assert_eq!(chroot::exit_code(status), 125, "{status:?} is not the end of a process, so no code of its own");
}
