use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use checks::PausedProgram;

use super::cgroup_fixture::CgroupFixture;
use super::{probe, run};

#[test]
fn a_program_is_charged_before_it_execs() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    // An exec that fails late, because the program's loader is not there: by then
    // the kernel has used memory for the arguments, and charged it to a group.
    let directory = checks::scratch();
    let program = directory.path().join("no-loader");
    let mut bytes = fs::read(dynamic_program()).expect("the program can be read");
    let loader = b"/lib64/ld-linux";
    let at = bytes.windows(loader.len()).position(|window| window == loader).expect("a program names its loader");
    bytes[at + 1..at + 4].copy_from_slice(b"nil");
    fs::write(&program, bytes).expect("the check can write");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("the check can change the mode");

    let result = trial.open("web").start(&mut Command::new(&program));
    assert!(result.is_err(), "the kernel cannot exec a program without its loader: the error got lost");
    let own = std::process::id().to_string();
    let listed = trial.processes("web");
    assert!(!listed.contains(&own), "start moved its caller into the group, not the child alone");
    assert_eq!(listed, Vec::<String>::new(), "the child could not exec, and is still there");
    let peak = trial.file("web", "memory.peak");
    if peak.contains("no such file") {
        checks::unable("this kernel has no memory.peak; Linux 5.19 has");
        return;
    }
    assert_ne!(
        peak, "0",
        "exec failed, and nothing was ever charged to the group: the program is put in after exec, or not at all, when its first \
         memory and children are charged elsewhere. Move between fork and exec"
    );
}

#[test]
fn a_program_is_in_the_group_in_every_hierarchy() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    let name = trial.name("web");
    let output = run(&["start", &name, probe(), "cgroup"]);
    let said = String::from_utf8_lossy(&output.stdout);
    let mut view = checks::View::default();
    for controller in ["memory", "pids", "cpu"] {
        // `4:memory:/path` on version 1, `0::/path` on version 2.
        let of_v1 =
            |line: &&str| line.split(':').nth(1).is_some_and(|names| names.split(',').any(|name| name == controller));
        let of_v2 = |line: &&str| line.contains(" 0::");
        let line = said.lines().find(|line| if trial.is_v2() { of_v2(line) } else { of_v1(line) });
        view.add(controller, if line.is_some_and(|line| line.ends_with(&name)) { "in the group" } else { "elsewhere" });
    }
    checks::view!("membership", view, {
        "memory" => "the program's memory is charged to another group: write 0 to cgroup.procs between fork and exec",
        "pids" => "the program's forks are counted in another group: on version 1 each controller has its own cgroup.procs",
        "cpu" => "the program's CPU time is counted in another group: on version 1 each controller has its own cgroup.procs",
    });
}

#[test]
fn the_caller_stays_outside() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    let mut held = PausedProgram::start(&super::program(), &["start", &trial.name("web"), probe(), "pid", "hold"]);
    let inner = held.report(1).get("pid").to_owned();
    let caller = fs::read_to_string(format!("/proc/{}/cgroup", held.id())).expect("the program runs");
    assert!(
        !caller.contains(&trial.name("web")),
        "start moved its caller into the group, not the child alone:\n{caller}"
    );
    let listed = trial.processes("web");
    assert!(
        !listed.is_empty() && listed.iter().all(|pid| *pid == inner),
        "the program {inner} alone is in the group: {listed:?}"
    );
    held.release();
}

#[test]
fn arguments_and_exit_code_come_through() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    let nonce = checks::nonce();
    let output =
        run(&["start", &trial.name("web"), probe(), "read:/proc/self/comm", &format!("env:{nonce}"), "exit:42"]);
    assert_eq!(output.status.code(), Some(42), "the program's own exit code");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains(&format!("env:{nonce} unset")), "the program gets its arguments: {said}");
}

/// A program of this machine that is linked dynamically.
fn dynamic_program() -> std::path::PathBuf {
    std::env::current_exe().expect("the check knows its own program")
}
