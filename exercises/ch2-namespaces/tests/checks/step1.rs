use checks::{PausedProgram, kernel};

use super::{probe, run};

#[test]
fn a_name_is_new_in_here_and_old_out_there() {
    let (name, before) = (checks::nonce(), hostname());
    let mut held = PausedProgram::start(&super::program(), &["unshare-uts", &name, probe(), "hostname", "hold"]);
    let mut view = held.report(1);
    view.add("namespaces", kernel::compare_namespaces(held.probe_id()));
    view.add("out there", if hostname() == before { "unchanged" } else { "changed" });
    checks::view!("hostname", view.name(&name, "<name>").name(&before, "<the host's>"), {
        "hostname" => "the program does not have its new name: sethostname(2), after unshare(2)",
        "namespaces" => "the UTS namespace, and no other, must be a new one: unshare(CLONE_NEWUTS)",
        "out there" => "the machine's own name was changed: unshare(CLONE_NEWUTS) must come before sethostname",
    });
    held.release();
}

/// The name as the check itself sees it, from uname(2).
fn hostname() -> String {
    let name = nix::sys::utsname::uname().expect("uname works");
    name.nodename().to_string_lossy().into_owned()
}

#[test]
fn names_that_the_kernel_refuses_are_errors() {
    let directory = checks::scratch();
    let mark = directory.path().join("ran");
    let long = "x".repeat(65);
    let output = run(&["unshare-uts", &long, probe(), &format!("write:{}=x", mark.display())]);
    assert!(!mark.exists(), "65 bytes are too many for sethostname(2), and the program was run all the same");
    assert_eq!(output.status.code(), Some(125), "an error of ours is 125");
}
