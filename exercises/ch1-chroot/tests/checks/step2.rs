use std::ffi::CString;
use std::fs;
use std::path::Path;

use checks::{PausedProgram, kernel};

use super::{probe, run, some_code, text};

#[test]
fn a_child_runs_it_and_is_waited_for() {
    let code = some_code();
    let mut held =
        PausedProgram::start(&super::program(), &["run", probe(), "pid", "ppid", "hold", &format!("exit:{code}")]);
    let report = held.report(2);
    let (caller, inner) = (held.id().to_string(), report.get("pid"));
    let mut view = checks::View::default();
    view.add("program", if inner == caller { "the caller itself" } else { "a process of its own" });
    view.add("its parent", if report.get("ppid") == caller { "the caller" } else { "another" });
    checks::view!("child", view, {
        "program" => "the program took the place of its caller: fork first, and exec in the child",
        "its parent" => "the program is no child of its caller, or that has gone away: it must wait for the child",
    });
    let seen = kernel::status(inner.parse().expect("the probe reports a number"), "PPid");
    assert_eq!(seen, caller, "the kernel knows another parent: fork once, and wait for the child");

    let (status, _) = held.release();
    assert_eq!(
        status.code(),
        Some(code.into()),
        "the program's exit code got lost: wait for the child, then map its status"
    );
}

#[test]
fn arguments_and_environment_arrive() {
    let nonce = checks::nonce();
    let output = std::process::Command::new(super::program())
        .args(["run", probe(), "args", "env:NONCE", "env:LONG"])
        .env("NONCE", &nonce)
        .env("LONG", "a b")
        .output()
        .expect("the chapter's program can be started");
    let view = checks::View::parse(&String::from_utf8_lossy(&output.stdout)).name(&nonce, "<nonce>");
    checks::view!("arguments", view.name(probe(), "<probe>"), {
        "args" => "the program gets all of argv, its own name first",
        "env:NONCE" => "the environment of the caller is handed on",
    });
}

#[test]
fn an_end_by_a_signal_is_told_as_128_and_its_number() {
    for (signal, code) in [("SIGTERM", 143), ("SIGKILL", 137)] {
        let output = run(&["run", probe(), &format!("signal:{signal}")]);
        assert_eq!(output.status.code(), Some(code), "the program was ended by {signal}");
    }
}

#[test]
fn what_cannot_be_started_is_126_or_127() {
    let directory = checks::scratch();
    let plain = directory.path().join("plain");
    fs::write(&plain, "no program").expect("the check can write");
    for (program, code, why) in [
        (text(&directory.path().join("missing")), 127, "there is no such file"),
        ("no-such-program-in-path", 127, "no directory of PATH has it"),
        (text(&plain), 126, "the file is there and may not be executed"),
        (text(directory.path()), 126, "a directory cannot be executed"),
    ] {
        let output = run(&["run", program]);
        assert_eq!(output.status.code(), Some(code), "the code for {program}: {why}");
        assert!(!output.stderr.is_empty(), "run says on standard error why {program} was not started");
    }
}

#[test]
fn a_child_that_cannot_exec_ends() {
    let directory = checks::scratch();
    let mark = directory.path().join("returned");
    let before = std::process::id();
    let code = chroot::run(&[missing(directory.path())]);
    if std::process::id() != before {
        // We are the child, and should not be here at all.
        let _ = fs::write(&mark, "");
        sys::exit_now(0);
    }
    assert!(!mark.exists(), "after exec failed, run returned in the child too: now there are two of the caller");
    assert_eq!(code, 127, "there is no such program");
}

fn missing(directory: &Path) -> CString {
    CString::new(text(&directory.join("missing"))).expect("a path holds no zero byte")
}
