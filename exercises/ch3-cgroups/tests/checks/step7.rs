use std::path::PathBuf;
use std::process::Stdio;

use checks::PausedProgram;

use super::cgroup_fixture::CgroupFixture;
use super::{probe, run, succeed};

const NOTHING: Vec<PathBuf> = Vec::new();

/// The group's directories that are there still; its parent does not count.
fn remaining(trial: &CgroupFixture) -> Vec<PathBuf> {
    trial.paths("web").into_iter().filter(|path| path.exists()).collect()
}

#[test]
fn an_empty_group_goes_and_its_empty_parent_too() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    succeed(&["delete", &trial.name("web")]);
    assert_eq!(trial.left(), NOTHING, "the group, and the parent that is empty then, are left");
}

#[test]
fn a_group_that_is_gone_is_no_error() {
    let Some(trial) = CgroupFixture::new() else { return };
    succeed(&["delete", &trial.name("web")]);
}

#[test]
fn a_busy_group_is_emptied_first() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    // It takes no notice of a polite request.
    let script = "trap '' TERM; exec \"$0\" pid hold";
    let mut held = PausedProgram::spawn(&mut trial.inside("web", &["/bin/sh", "-c", script, probe()]));
    assert_ne!(held.report(1).get("pid"), "", "the probe runs in the group");
    let output = run(&["delete", &trial.name("web")]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        remaining(&trial),
        NOTHING,
        "rmdir is EBUSY while a process is in the group: end it, wait, and ask again: {said}"
    );
    assert!(output.status.success(), "the group is gone, and delete calls it a failure: {said}");
    let (status, _) = held.release();
    assert!(!status.success(), "the process was to be killed: {status}");
}

#[test]
fn a_group_below_goes_first() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    trial.make("web/inner");
    let mut held = PausedProgram::spawn(&mut trial.inside("web/inner", &[probe(), "pid", "hold"]));
    assert_ne!(held.report(1).get("pid"), "", "the probe runs in the group");
    let output = run(&["delete", &trial.name("web")]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        remaining(&trial),
        NOTHING,
        "a container may make groups of its own: remove from the deepest up: {said}"
    );
}

#[test]
fn the_neighbor_is_spared() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    trial.make("db");
    let mut held = PausedProgram::spawn(&mut trial.inside("db", &[probe(), "pid", "hold"]));
    assert_ne!(held.report(1).get("pid"), "", "the probe runs in the group");
    succeed(&["delete", &trial.name("web")]);
    assert!(trial.paths("web").iter().all(|path| !path.exists()), "the group is left");
    assert!(trial.paths("db").iter().all(|path| path.is_dir()), "another group was removed too");
    let (status, rest) = held.release();
    assert!(status.success() && rest.contains("released"), "a process of another group was ended: {status}");
}

#[test]
fn those_that_fork_without_end_are_ended() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    trial.limit("web", "pids.max", "60");
    let script = "for i in 1 2 3 4 5 6 7 8; do (while :; do \"$0\" pid; done) & done; wait";
    let mut command = trial.inside("web", &["/bin/sh", "-c", script, probe()]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the shell can be started");
    while trial.processes("web").len() < 9 {
        std::thread::yield_now();
    }
    let output = run(&["delete", &trial.name("web")]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        remaining(&trial),
        NOTHING,
        "a process may fork after the others were listed: list and kill again until rmdir succeeds: {said}"
    );
    child.wait().expect("the shell is our child");
}

#[test]
fn the_group_goes_whatever_became_of_the_program() {
    let Some(trial) = CgroupFixture::new() else { return };
    for (what, limits, program, code) in [
        ("it ended well", ["--memory", "64m"], vec![probe(), "exit:7"], 7),
        ("it was killed for its memory", ["--memory", "32m"], vec![probe(), "memory:96"], 137),
        ("it could not be started", ["--pids", "20"], vec!["no-such-program"], 125),
    ] {
        let name = trial.name("web");
        let arguments: Vec<&str> = ["run", &name].into_iter().chain(limits).chain(program).collect();
        let output = run(&arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(trial.left(), NOTHING, "{what}, and the group is left");
        assert_eq!(output.status.code(), Some(code), "{what}: {said}");
        assert_eq!(said.contains("out of memory"), code == 137, "a kill by the limit, and only that, is told: {said}");
    }
}
