use checks::{PausedProgram, kernel};

use super::{probe, run, some_code};

/// What namespaces a program is in that was started in new `names`, and what
/// its caller is in.
fn started_in(names: &str) -> (String, String) {
    let mut held = PausedProgram::start(&super::program(), &["spawn", names, probe(), "pid", "hold"]);
    held.report(1);
    let seen = (kernel::compare_namespaces(held.probe_id()), kernel::compare_namespaces(held.id()));
    held.release();
    seen
}

#[test]
fn a_child_code_is_what_its_function_returns() {
    let child = namespaces::spawn(nix::sched::CloneFlags::empty(), || 77).expect("a child without new namespaces");
    match namespaces::wait(child) {
        Err(error) if error.errno == nix::errno::Errno::ECHILD => panic!(
            "nobody can wait for the child ({error}): the child has no SIGCHLD as its signal, or spawn waited already"
        ),
        ended => assert_eq!(ended, Ok(77), "the child function returned 77, which is its exit code"),
    }
}

#[test]
fn a_child_is_in_the_namespaces_asked_for_and_no_others() {
    let mut view = checks::View::default();
    for names in ["uts", "ipc,net", "cgroup,mnt", "pid", "uts,ipc,net,cgroup,mnt,pid"] {
        let (child, caller) = started_in(names);
        view.add(names, child);
        view.add("caller", caller.replace(" shared", ""));
    }
    let why = "the child is not in the namespaces that were asked for: hand `namespaces` to clone as it is";
    checks::view!("namespaces", view, {
        "uts" => why,
        "ipc,net" => why,
        "cgroup,mnt" => why,
        "pid" => why,
        "uts,ipc,net,cgroup,mnt,pid" => why,
        "caller" => "the caller itself has moved: unshare changes its caller, clone only the child",
    });
}

#[test]
fn first_process_of_a_pid_namespace_is_1() {
    let mut held = PausedProgram::start(&super::program(), &["spawn", "pid", probe(), "pid", "ppid", "hold"]);
    let mut view = held.report(2);
    let pid = held.probe_id();
    view.add("NSpid", kernel::status(pid, "NSpid"));
    view.add("parent", kernel::status(pid, "PPid"));
    let (caller, pid) = (held.id().to_string(), pid.to_string());
    let same = kernel::namespace(held.id(), "pid") == kernel::namespace(std::process::id(), "pid");
    view.add("caller's pid namespace", if same { "unchanged" } else { "new" });
    checks::view!("process 1", view.name(&format!("{pid} "), "<outside> ").name(&caller, "<the caller>"), {
        "pid" => "the program is not process 1: exec it in the child that clone made, without one more fork",
        "ppid" => "its parent is outside of its pid namespace, which shows as 0",
        "NSpid" => "the kernel has no second, inner id for the process, or another than 1",
        "parent" => "the program is not a child of the process that called spawn",
        "caller's pid namespace" => "the caller itself has moved",
    });
    held.release();
}

#[test]
fn a_child_ends_and_its_caller_learns_how() {
    let code = some_code();
    let output = run(&["spawn", "uts,pid", probe(), &format!("exit:{code}")]);
    assert_eq!(output.status.code(), Some(code.into()), "the child's exit code got lost");
    let output = run(&["spawn", "uts", probe(), "signal:SIGKILL"]);
    assert_eq!(output.status.code(), Some(137), "the child was ended by SIGKILL");
}
