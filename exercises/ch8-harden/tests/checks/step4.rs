use std::os::unix::process::ExitStatusExt;

use checks::{PausedProgram, kernel};
use nix::libc::SIGSYS;

use super::{call, command, fixture, probe, program, run, succeed, text, without_numbers};

const NAMES: [&str; 4] = ["mount", "unshare", "keyctl", "umask"];

#[test]
fn a_refused_call_fails_and_others_do_not() {
    let requests: Vec<String> = NAMES.iter().map(|name| call(name, "")).collect();
    let mut command = command(&["install-filter", "mount,unshare,keyctl", probe()]);
    let view = without_numbers(succeed(command.args(requests)), &NAMES);
    checks::view!("refused", view, {
        "call:mount" => "mount was to be refused with EPERM: EFAULT means that the kernel has begun to carry it out",
        "call:unshare" => "unshare was to be refused with EPERM",
        "call:keyctl" => "keyctl was to be refused with EPERM",
        "call:umask" => "umask was not to be refused",
    });
}

#[test]
fn the_kernel_knows_of_the_filter() {
    let mut paused = PausedProgram::start(&program(), &["install-filter", "mount", probe(), "pid", "hold"]);
    paused.report(1);
    let (pid, mut view) = (paused.probe_id(), checks::View::default());
    let more = |pid| kernel::status(pid, "Seccomp_filters").parse::<u32>().unwrap_or(0);
    view.add("mode", kernel::status(pid, "Seccomp"));
    view.add("filters of its own", (more(pid) - more(std::process::id())).to_string());
    view.add("no_new_privs", kernel::status(pid, "NoNewPrivs"));
    checks::view!("mode", view, {
        "mode" => "the process has no filter: mode 2 is a filter (seccomp(2))",
        "filters of its own" => "one filter was to be installed",
        "no_new_privs" => "a filter must not bring no_new_privs with it: whoever wants that asks for it",
    });
    paused.release();
}

#[test]
fn the_back_door_of_32_bits_is_closed() {
    if !cfg!(target_arch = "x86_64") {
        checks::unable("only x86-64 has a second set of numbers that any program can use");
        return;
    }
    // 20 is getpid there, and writev here.
    let before = std::process::Command::new(probe()).arg("call32:20").output().expect("the probe starts");
    if before.status.signal().is_some() {
        checks::unable("this kernel takes no calls of 32-bit x86");
        return;
    }
    let output = run(&["install-filter", "mount", probe(), "call32:20"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        output.status.signal(),
        Some(SIGSYS),
        "`int 0x80` made a call by another architecture's number, and the filter let it pass ({}): look at the architecture first",
        said.trim()
    );
}

#[test]
fn a_filter_stays_and_another_adds_to_it() {
    let again = text(&program()).to_owned();
    let names = ["mount", "keyctl", "umask"];
    let requests: Vec<String> = names.iter().map(|name| call(name, "")).collect();
    let mut command = command(&["install-filter", "mount", &again, "install-filter", "keyctl", probe()]);
    let view = without_numbers(succeed(command.args(requests)), &names);
    checks::view!("two filters", view, {
        "call:mount" => "the first filter refused mount, and is gone",
        "call:keyctl" => "the second filter was to refuse keyctl",
    });
}

#[test]
fn a_refusal_of_the_kernels_is_an_error() {
    let mut refused = command(&["install-filter", "mount", probe(), "pid"]);
    let output = fixture::without_capabilities(&mut refused).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.stdout.is_empty(),
        "without CAP_SYS_ADMIN or no_new_privs the kernel takes no filter, and the program was run without one"
    );
    assert_eq!(output.status.code(), Some(125), "an error of ours is 125: {said}");
    assert!(said.contains("EACCES"), "the message names the kernel's answer, EACCES: {said}");
}
