use cgroups::{Group, Limits};

use super::cgroup_fixture::CgroupFixture;
use super::{some_number, succeed};

#[test]
fn a_limit_arrives_in_the_kernel() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    let (memory, pids) = ((8192 + some_number(8192)) * 4096, 10 + some_number(90));
    let quota = 10_000 + some_number(80) * 1000;
    let cpus = format!("0.{quota:05}");
    let name = trial.name("web");
    succeed(&[
        "apply-with-crate",
        &name,
        "--memory",
        &memory.to_string(),
        "--cpus",
        &cpus,
        "--pids",
        &pids.to_string(),
    ]);
    let mut view = checks::View::default();
    for (file, asked) in
        [("memory.max", memory.to_string()), ("cpu.max", format!("{quota} 100000")), ("pids.max", pids.to_string())]
    {
        let held = trial.file("web", file);
        view.add(file, if held == asked { "as asked".to_owned() } else { format!("{held}, not {asked}") });
    }
    checks::view!("crate", view, {
        "memory.max" => "the kernel holds another memory limit: memory.memory_hard_limit, in bytes",
        "cpu.max" => "the kernel holds another CPU limit: cpu.quota and cpu.period, both in microseconds",
        "pids.max" => "the kernel holds another limit on processes: pid.maximum_number_of_processes",
    });
}

#[test]
fn a_memory_limit_that_the_crate_drops_is_an_error() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    trial.without("memory", "web");
    let group = Group::named(&trial.name("web")).expect("a plain name");
    let result = group.apply_with_crate(&Limits { memory: Some(64 << 20), ..Limits::default() });
    assert!(
        result.is_err(),
        "this group has no memory controller, and the crate throws the kernel's answer away: read each limit back"
    );
}

#[test]
fn a_number_that_the_crate_cannot_hold_is_an_error() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    trial.limit("web", "memory.max", "67108864");
    let result = trial.open("web").apply_with_crate(&Limits { memory: Some(u64::MAX), ..Limits::default() });
    assert!(result.is_err(), "as a signed number this is -1, which means no limit: convert with try_from");
    assert_eq!(trial.file("web", "memory.max"), "67108864", "the limit that was in force is gone");
}

#[test]
fn what_is_not_asked_for_is_left_alone() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    trial.limit("web", "cpu.max", "30000 100000");
    trial.limit("web", "memory.max", "67108864");
    succeed(&["apply-with-crate", &trial.name("web"), "--pids", "9"]);
    let mut view = checks::View::default();
    for file in ["memory.max", "cpu.max", "pids.max"] {
        view.add(file, trial.file("web", file));
    }
    checks::view!("crate-untouched", view, {
        "memory.max" => "the memory limit was 67108864 before, and nobody asked for another",
        "cpu.max" => "the CPU limit was 30000 100000 before, and nobody asked for another",
        "pids.max" => "the one limit that was asked for is not there",
    });
    succeed(&["apply-with-crate", &trial.name("web"), "--memory", "32m"]);
    assert_eq!(trial.file("web", "pids.max"), "9", "the limit on processes was 9, and nobody asked for another");
}
