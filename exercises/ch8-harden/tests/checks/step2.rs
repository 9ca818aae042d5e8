use checks::{PausedProgram, Rootfs, kernel};

use super::{command, fixture, probe, run, succeed, text};

#[test]
fn all_ids_and_groups_are_new() {
    if !fixture::has_many_ids() {
        return;
    }
    let mut paused =
        PausedProgram::start(&super::program(), &["switch-user", "4242:4343:77:88", probe(), "uid", "hold"]);
    let mut view = paused.report(1);
    let pid = paused.probe_id();
    for field in ["Uid", "Gid", "Groups", "CapEff", "NoNewPrivs"] {
        view.add(field, kernel::status(pid, field));
    }
    checks::view!("ids", view, {
        "uid" => "the program runs as another user than it should",
        "Uid" => "real, effective, saved and file system id must all be the user's: a saved 0 is a way back to root",
        "Gid" => "all four group ids must be the group's",
        "Groups" => "the supplementary groups must be the ones asked for, and none of the caller's: setgroups",
        "CapEff" => "an ordinary user must have no capability once the program runs",
        "NoNewPrivs" => "no_new_privs was not asked for, and would break sudo in every image",
    });
    paused.release();
}

#[test]
fn capabilities_stay_in_force_until_the_program_runs() {
    if !fixture::has_many_ids() {
        return;
    }
    let root = Rootfs::new();
    let mut command = command(&["switch-user", "4242:4242", "--root", text(root.path())]);
    let output = command.args(["/bin/probe", "uid", "read:/nonce"]).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "chroot after the change of user takes a capability: keep the permitted set (PR_SET_KEEPCAPS), and make it effective again: {said}"
    );
    let view = checks::View::parse(&String::from_utf8_lossy(&output.stdout));
    checks::view!("in force", view.name(root.nonce(), "<nonce>"), {
        "uid" => "the program does not run as the user",
        "read:/nonce" => "the program does not run in the new root",
    });
}

#[test]
fn a_set_user_id_program_gives_nothing() {
    if !fixture::has_many_ids() {
        return;
    }
    let directory = checks::scratch();
    let tool = fixture::set_user_id_probe(directory.path());
    let mut command = command(&["switch-user", "4242:4242", "--no-new-privileges", text(&tool)]);
    let view = succeed(command.args(["uid", "status:CapEff", "status:NoNewPrivs"]));
    checks::view!("set-user-id", view, {
        "uid" => "a set-user-ID program made the user root again: PR_SET_NO_NEW_PRIVS",
        "status:CapEff" => "a set-user-ID program has capabilities",
        "status:NoNewPrivs" => "the kernel does not know of the promise: PR_SET_NO_NEW_PRIVS takes a 1, and zeroes behind it",
    });
}

#[test]
fn without_the_promise_it_still_works() {
    if !fixture::has_many_ids() {
        return;
    }
    let directory = checks::scratch();
    let tool = fixture::set_user_id_probe(directory.path());
    let view = succeed(&mut command(&["switch-user", "4242:4242", text(&tool), "uid"]));
    assert_eq!(view.get("uid"), "0", "no_new_privs was not asked for: su and sudo must work in the container");
}

#[test]
fn a_refusal_is_an_error() {
    if !fixture::has_many_ids() {
        return;
    }
    let mut refused = command(&["switch-user", "4242:4242", probe(), "uid"]);
    let output = fixture::without_capabilities(&mut refused).output().expect("it starts");
    assert!(output.stdout.is_empty(), "the user could not be changed, and the program was run as root");
    assert_eq!(output.status.code(), Some(125), "an error of ours is 125");
}

#[test]
fn root_stays_root_where_that_is_asked_for() {
    // Also for an ordinary user, whose user namespace forbids setgroups.
    let output = run(&["switch-user", "0:0", "--no-new-privileges", probe(), "uid", "status:NoNewPrivs"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "where /proc/self/setgroups is `deny`, the groups stay as they are: {said}");
    let view = checks::View::parse(&String::from_utf8_lossy(&output.stdout));
    assert_eq!((view.get("uid"), view.get("status:NoNewPrivs")), ("0", "1"));
}
