use std::process::Stdio;

use checks::PausedProgram;

use super::cgroup_fixture::CgroupFixture;
use super::{probe, run, succeed};

fn nobody() -> Vec<String> {
    Vec::new()
}

#[test]
fn everyone_has_ended_when_it_returns() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    // They take no notice of a polite request.
    let script = "trap '' TERM; exec \"$0\" pid hold";
    let start = || PausedProgram::spawn(&mut trial.inside("web", &["/bin/sh", "-c", script, probe()]));
    let (mut one, mut other) = (start(), start());
    assert!([one.report(1), other.report(1)].iter().all(|view| !view.get("pid").is_empty()), "the probes run");
    let output = run(&["kill", &trial.name("web")]);
    let left = trial.processes("web");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(left, nobody(), "kill returned, and these are still in the group: wait for each one's end: {said}");
    assert!(output.status.success(), "the group is empty, and kill calls it a failure: {said}");
    assert!(trial.paths("web").iter().all(|path| path.is_dir()), "the group itself was removed too");
    for held in [one, other] {
        let (status, _) = held.release();
        assert!(!status.success(), "the process was to be killed: {status}");
    }
}

#[test]
fn a_process_that_takes_long_to_end_is_waited_for() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    // The kernel frees the memory of a process before it takes it out of its group.
    let mut held = PausedProgram::spawn(&mut trial.inside("web", &[probe(), "memory:300", "hold"]));
    assert!(held.report(1).get("memory:300").contains("300"), "the probe has its memory");
    let output = run(&["kill", &trial.name("web")]);
    let left = trial.processes("web");
    held.release();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(left, nobody(), "kill returned, and a process has not ended yet: wait for each one's end: {said}");
}

#[test]
fn no_fork_gets_away() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    // Each of these starts others without end, and each of the others lives for a moment.
    let script = "for i in 1 2 3 4; do (while :; do sleep 0.05 & \"$0\" pid; done) & done; wait";
    // One round of killing is often enough, so it has to be often that it is tried.
    for _ in 0..32 {
        let mut command = trial.inside("web", &["/bin/sh", "-c", script, probe()]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the shell can be started");
        while trial.processes("web").len() < 9 {
            std::thread::yield_now();
        }
        let output = run(&["kill", &trial.name("web")]);
        let left = trial.processes("web");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            left,
            nobody(),
            "a process may fork after the others were listed: list and kill again until there is nobody left: {said}"
        );
        child.wait().expect("the shell is our child");
    }
}

#[test]
fn the_groups_below_are_part_of_it() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    trial.make("web/inner");
    let mut held = PausedProgram::spawn(&mut trial.inside("web/inner", &[probe(), "pid", "hold"]));
    assert_ne!(held.report(1).get("pid"), "", "the probe runs in the group");
    succeed(&["kill", &trial.name("web")]);
    assert_eq!(trial.processes("web/inner"), nobody(), "a container may make groups itself: their processes count too");
}

#[test]
fn the_neighbor_is_spared() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    trial.make("db");
    let mut held = PausedProgram::spawn(&mut trial.inside("db", &[probe(), "pid", "hold"]));
    assert_ne!(held.report(1).get("pid"), "", "the probe runs in the group");
    succeed(&["kill", &trial.name("web")]);
    let (status, rest) = held.release();
    assert!(status.success() && rest.contains("released"), "a process of another group was killed: {status}");
}

#[test]
fn the_caller_does_not_kill_itself() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    let name = trial.name("web");
    let program = super::program();
    let program = program.to_str().expect("paths of a check are plain text");
    let output = trial.inside("web", &[program, "kill", &name]).output().expect("the shell can be started");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(125),
        "the caller is in the group itself: that is an error, and it must live to report it: {} {said}",
        output.status
    );
}
