use std::process::Command;

use checks::{PausedProgram, Rootfs, kernel};

use super::{probe, run, some_code, text};

#[test]
fn a_child_is_inside_and_its_caller_is_not() {
    let (root, code) = (Rootfs::new(), some_code());
    let arguments =
        ["run-inside", text(root.path()), text(root.twin()), "read:/nonce", "cwd", "hold", &format!("exit:{code}")];
    let mut held = PausedProgram::start(&super::program(), &arguments);
    let mut view = held.report(2);
    let (outer, inner) = (held.id(), held.probe_id());
    view.add("child-root", kernel::link(inner, "root"));
    view.add("child-parent", kernel::status(inner, "PPid").replace(&outer.to_string(), "the caller"));
    let unmoved = kernel::link(outer, "root") == kernel::link(std::process::id(), "root");
    view.add("caller-root", if unmoved { "unchanged" } else { "another" });
    let view = view.name(root.nonce(), "<nonce>").name(text(root.path()), "<rootfs>");
    checks::view!("inside", view, {
        "read:/nonce" => "the program does not run in the new root",
        "cwd" => "the program's working directory is not in its root: use enter",
        "child-root" => "/proc/PID/root of the program shows another root",
        "child-parent" => "the program is not a child of its caller: fork, and exec in the child",
        "caller-root" => "the caller went inside too: enter after the fork, in the child only",
    });
    let (status, _) = held.release();
    assert_eq!(status.code(), Some(code.into()), "the program's exit code got lost");
}

#[test]
fn the_program_is_looked_up_inside() {
    let root = Rootfs::new();
    let looked_up = |path: &str| {
        Command::new(super::program())
            .args(["run-inside", text(root.path()), "probe", "exit:7"])
            .env("PATH", path)
            .output()
            .expect("the chapter's program can be started")
            .status
            .code()
    };
    assert_eq!(looked_up("/bin"), Some(7), "PATH=/bin has `probe` inside the new root, though not on the host");
    let host = checks::probe().parent().expect("the probe is in a directory");
    assert_eq!(looked_up(text(host)), Some(127), "this PATH leads to a probe on the host only, and was found");
}

#[test]
fn codes_are_those_of_a_shell() {
    let root = Rootfs::new();
    for (arguments, code, why) in [
        (["/bin/probe", "signal:SIGKILL"], 137, "ended by SIGKILL"),
        (["/no/such/program", "x"], 127, "no such program inside"),
        (["/nonce", "x"], 126, "/nonce may not be executed"),
    ] {
        let output = run(&["run-inside", text(root.path()), arguments[0], arguments[1]]);
        assert_eq!(output.status.code(), Some(code), "{why}");
    }
}

#[test]
fn nothing_runs_if_the_root_cannot_be_entered() {
    let directory = checks::scratch();
    let mark = directory.path().join("ran");
    let write = format!("write:{}=x", mark.display());
    let output = run(&["run-inside", text(&directory.path().join("missing")), probe(), &write]);
    assert!(!mark.exists(), "there is no such root, and the program was run with the host's: the error got lost");
    assert_eq!(output.status.code(), Some(125), "an error of ours is 125");
}
