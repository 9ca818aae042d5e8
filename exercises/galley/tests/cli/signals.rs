//! A signal for galley is a signal for the program.

use std::os::unix::process::CommandExt;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::test_env::TestEnv;

#[test]
fn a_signal_for_galley_reaches_the_program() {
    for test in TestEnv::each() {
        let name = format!("WORLD={}", test.home.path().display());
        let root = test.root.path().display().to_string();
        let mut command = test.command(&["run", "--rm", "-e", &name, "--rootfs", &root]);
        command.args(["/bin/probe", "await:SIGINT", "exit:9"]).stdin(std::process::Stdio::null());
        let mut held = checks::PausedProgram::spawn(&mut command);
        assert_eq!(held.report(1).get("ready"), "SIGINT");
        kill(Pid::from_raw(held.id().cast_signed()), Signal::SIGINT).unwrap();
        let (status, output) = held.release();
        assert!(output.contains("received SIGINT"), "{output}");
        assert_eq!(status.code(), Some(9));
        test.assert_clean(&[]);
    }
}

#[test]
fn an_interrupt_at_the_terminal_arrives_once() {
    for test in TestEnv::each() {
        for flag in [&[][..], &["--init"]] {
            let name = format!("WORLD={}", test.home.path().display());
            let root = test.root.path().display().to_string();
            let mut command = test.command(&[&["run", "--rm", "-e", &name, "--rootfs", &root], flag].concat());
            command.args(["/bin/probe", "await:SIGINT", "await:SIGINT"]);
            // ^C is a signal for the whole foreground group, here one of its own.
            let mut held = checks::PausedProgram::spawn(command.process_group(0));
            assert_eq!(held.report(1).get("ready"), "SIGINT");
            kill(Pid::from_raw(-held.id().cast_signed()), Signal::SIGINT).unwrap();
            let (_, output) = held.release();
            assert_eq!(output.matches(" received SIGINT").count(), 1, "with {flag:?}: {output}");
        }
        test.assert_clean(&[]);
    }
}
