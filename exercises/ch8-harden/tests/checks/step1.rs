use checks::{PausedProgram, kernel};
use confine::CapSet;

use super::{command, fixture, probe, run, succeed, text};

/// The five sets of a process, as the kernel shows them from outside.
fn sets(pid: u32) -> checks::View {
    let mut view = checks::View::default();
    for field in ["CapBnd", "CapPrm", "CapEff", "CapInh", "CapAmb"] {
        view.add(field, kernel::status(pid, field));
    }
    view
}

#[test]
fn a_third_is_left_in_all_five_sets() {
    let mut command = command(&["limit-capabilities", "default", probe(), "pid", "hold"]);
    let mut paused = PausedProgram::spawn(fixture::with_inheritable(&mut command));
    paused.report(1);
    let view = sets(paused.probe_id());
    // What is kept depends on what the check itself is allowed.
    let kept = CapSet::DEFAULT.to_string();
    checks::view!("sets", view.name(&kept, "<kept>"), {
        "CapBnd" => "the bounding set has more than was to be kept: the next set-user-ID program gets it back; PR_CAPBSET_DROP",
        "CapPrm" => "the permitted set is not what was to be kept",
        "CapEff" => "the effective set is not what was to be kept: this is what the kernel checks",
        "CapInh" => "the inheritable set is not empty: a program with file capabilities gets them",
        "CapAmb" => "the ambient set is not empty: programs of other users get them",
    });
    paused.release();
}

#[test]
fn root_can_be_left_without_any() {
    let view = succeed(&mut command(&["limit-capabilities", "none", probe(), "status:CapBnd", "status:CapEff"]));
    checks::view!("none", view, {
        "status:CapBnd" => "nothing was to be kept, and the bounding set is not empty: drop from it while CAP_SETPCAP is still in force",
        "status:CapEff" => "nothing was to be kept, and root can still do something",
    });
}

#[test]
fn what_is_gone_never_comes_back() {
    let again = program_text();
    let mut command = command(&["limit-capabilities", "setpcap,net_raw", &again, "limit-capabilities", "default"]);
    let view = succeed(command.args([probe(), "status:CapBnd", "status:CapPrm"]));
    checks::view!("twice", view, {
        "status:CapBnd" => "a program that was left with two capabilities has others in its bounding set",
        "status:CapPrm" => "only what was permitted before can be permitted afterward: intersect the two",
    });
}

#[test]
fn a_refusal_is_an_error() {
    let again = program_text();
    let output = run(&["limit-capabilities", "chown", &again, "limit-capabilities", "none", probe(), "pid"]);
    assert!(
        output.stdout.is_empty(),
        "without CAP_SETPCAP nothing can be dropped, and the program was run all the same"
    );
    assert_eq!(output.status.code(), Some(125), "an error of ours is 125: {}", String::from_utf8_lossy(&output.stderr));
}

fn program_text() -> String {
    text(&super::program()).to_owned()
}
