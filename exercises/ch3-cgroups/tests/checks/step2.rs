use std::fs;

use nix::sys::statfs::{CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, statfs};

use super::cgroup_fixture::{CgroupFixture, LIMITS};
use super::{run, succeed};

#[test]
fn the_group_is_there_with_every_controller() {
    let Some(trial) = CgroupFixture::new() else { return };
    succeed(&["create", &trial.name("web")]);
    for path in trial.paths("web") {
        let kind = statfs(&path).map(|found| found.filesystem_type());
        assert!(
            matches!(kind, Ok(CGROUP_SUPER_MAGIC | CGROUP2_SUPER_MAGIC)),
            "there is no control group at {}",
            path.display()
        );
    }
    let mut view = checks::View::default();
    for (controller, file) in LIMITS {
        view.add(controller, if trial.file("web", file).contains("no such file") { "off" } else { "on" });
    }
    let switched = "each group above must name it in cgroup.subtree_control, the parent too";
    checks::view!("controllers", view, {
        "memory" => &format!("the group has no memory.max: {switched}"),
        "pids" => &format!("the group has no pids.max: {switched}"),
        "cpu" => &format!("the group has no cpu.max: {switched}"),
    });
}

#[test]
fn a_second_group_shares_the_parent() {
    let Some(trial) = CgroupFixture::new() else { return };
    succeed(&["create", &trial.name("web")]);
    let output = run(&["create", &trial.name("db")]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the parent is there already, and that is no error: {said}");
    let missing = trial.paths("web").into_iter().chain(trial.paths("db")).find(|path| !path.is_dir());
    assert_eq!(missing, None, "both groups are there now");
}

#[test]
fn a_group_that_exists_is_refused_and_left_alone() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    trial.limit("web", "pids.max", "7");
    let output = run(&["create", &trial.name("web")]);
    assert_eq!(
        output.status.code(),
        Some(125),
        "this name belongs to another group: create must fail with EEXIST, or two containers share one limit"
    );
    assert_eq!(trial.file("web", "pids.max"), "7", "the group of that name was not ours to change or remove");
}

#[test]
fn what_was_half_made_is_removed() {
    let Some(trial) = CgroupFixture::new() else { return };
    // The parent can be made, and the group cannot: the kernel allows no line's end in a name.
    let output = run(&["create", &trial.name("we\nb")]);
    assert_eq!(output.status.code(), Some(125), "the kernel refuses this name (EINVAL)");
    assert_eq!(trial.left(), Vec::<std::path::PathBuf>::new(), "create failed, and left what it had made so far");
}

#[test]
fn the_caller_stays_where_it_was() {
    let Some(trial) = CgroupFixture::new() else { return };
    let before = fs::read_to_string("/proc/self/cgroup").expect("/proc is mounted");
    let created = cgroups::Group::create(&trial.name("web"));
    let after = fs::read_to_string("/proc/self/cgroup").expect("/proc is mounted");
    assert_eq!(created.err().map(|error| error.to_string()), None, "the group can be made");
    assert_eq!(after, before, "making a group moves nobody");
}
