use checks::{PausedProgram, kernel};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{probe, run, some_code, view};

#[test]
fn a_child_of_process_1_is_the_program() {
    let code = some_code();
    let mut held =
        PausedProgram::start(&super::program(), &["init", probe(), "pid", "ppid", "hold", &format!("exit:{code}")]);
    let view = held.report(2);
    checks::view!("family", view, {
        "pid" => "the program must be process 2",
        "ppid" => "its parent must be process 1",
    });
    let (status, _) = held.release();
    assert_eq!(status.code(), Some(code.into()), "process 1 must end with the code of its child");
}

#[test]
fn orphans_are_reaped() {
    let view = view(&run(&["init", probe(), "orphans:1", "orphans:50"]));
    checks::view!("orphans", view, {
        "orphans:1" => "a process that lost its parent and ended was never waited for: wait for any child, not for one",
        "orphans:50" => "several ends may come with one SIGCHLD: wait until there is none left",
    });
}

#[test]
fn signals_are_forwarded() {
    for name in ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"] {
        let mut held = PausedProgram::start(&super::program(), &["init", probe(), &format!("await:{name}"), "exit:6"]);
        held.report(1);
        // Process 1 of the namespace is the one child of the program.
        let first = kernel::children(held.id());
        assert_eq!(first.len(), 1, "one child was expected: process 1");
        send(first[0], name);
        let mut view = held.report(1);
        let (status, _) = held.release();
        view.add("code", status.code().unwrap_or_default().to_string());
        let view = view.name(name, "<signal>");
        checks::view!("forwarded", view, {
            "await:<signal>" => "the signal was sent to process 1 and did not reach the program: forward it with kill(2)",
            "code" => "after the signal the program ended with 6, and process 1 with something else",
        });
    }
}

fn send(pid: u32, name: &str) {
    let signal: Signal = name.parse().expect("the name of a signal");
    kill(Pid::from_raw(pid as i32), signal).expect("process 1 is there");
}

#[test]
fn signals_that_end_the_program_give_128_and_their_number() {
    let mut held = PausedProgram::start(&super::program(), &["init", probe(), "pid", "pause:3"]);
    held.report(1);
    send(kernel::children(held.id())[0], "SIGTERM");
    let (status, _) = held.release();
    assert_eq!(status.code(), Some(143), "SIGTERM ended the program: process 1 must end with 128+15");
}

#[test]
fn process_1_ends_with_the_program_and_so_does_everything() {
    let output = run(&["init", probe(), "leave:3", "exit:5"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!said.contains("outlived"), "process 1 waited for every process, not for its child");
    assert_eq!(output.status.code(), Some(5), "process 1 must end with the code of its child");
}
