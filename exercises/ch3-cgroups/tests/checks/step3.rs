use std::os::unix::process::ExitStatusExt;

use cgroups::{Error, Limits, parse_cpus, parse_pids};

use super::cgroup_fixture::CgroupFixture;
use super::{run, some_number, succeed};

#[test]
fn a_limit_arrives_in_the_kernel() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    let (memory, quota, pids) =
        ((8192 + some_number(8192)) * 4096, 10_000 + some_number(80) * 1000, 10 + some_number(90));
    let cpus = format!("0.{quota:05}");
    succeed(&[
        "apply",
        &trial.name("web"),
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
    checks::view!("limits", view, {
        "memory.max" => "the kernel holds another memory limit than the one asked for: it counts in bytes",
        "cpu.max" => "the kernel holds another CPU limit: microseconds of CPU time, a blank, microseconds of the period (100000)",
        "pids.max" => "the kernel holds another limit on processes",
    });
}

#[test]
fn what_is_not_asked_for_is_left_alone() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    trial.limit("web", "cpu.max", "30000 100000");
    trial.limit("web", "memory.max", "67108864");
    succeed(&["apply", &trial.name("web"), "--pids", "9"]);
    let mut view = checks::View::default();
    for file in ["memory.max", "cpu.max", "pids.max"] {
        view.add(file, trial.file("web", file));
    }
    checks::view!("untouched", view, {
        "memory.max" => "the memory limit was 67108864 before, and nobody asked for another",
        "cpu.max" => "the CPU limit was 30000 100000 before, and nobody asked for another",
        "pids.max" => "the one limit that was asked for is not there",
    });
    succeed(&["apply", &trial.name("web"), "--memory", "32m"]);
    assert_eq!(trial.file("web", "pids.max"), "9", "the limit on processes was 9, and nobody asked for another");
}

#[test]
fn a_limit_between_two_pages_is_kept_rounded() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    let group = trial.open("web");
    let result = group.apply(&Limits { memory: Some(64 * 1024 * 1024 + 1), ..Limits::default() });
    assert!(result.is_ok(), "the kernel rounds down to a whole page, and that is no error: {result:?}");
    assert_eq!(trial.file("web", "memory.max"), "67108864", "64 MiB and one byte, rounded down to a page");
}

#[test]
fn a_limit_that_the_kernel_changes_is_an_error() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    // Accepted by the write, and kept as "max": only reading it back tells.
    let result = trial.open("web").apply(&Limits { memory: Some(u64::MAX), ..Limits::default() });
    let held = trial.file("web", "memory.max");
    assert!(
        matches!(result, Err(Error::LimitMismatch { file: "memory.max", .. })),
        "asked for {} bytes, the kernel holds '{held}', and apply returned {result:?}: read each limit back",
        u64::MAX
    );
}

#[test]
fn a_missing_controller_is_an_error() {
    for (controller, limits) in
        [("memory", ["--memory", "64m"]), ("cpu", ["--cpus", "0.5"]), ("pids", ["--pids", "20"])]
    {
        let Some(trial) = CgroupFixture::with_group() else { return };
        trial.without(controller, "web");
        let group = cgroups::Group::named(&trial.name("web")).expect("a plain name");
        let mut asked = Limits::default();
        match limits {
            ["--memory", text] => asked.memory = cgroups::parse_memory(text).ok(),
            ["--cpus", text] => asked.cpus = parse_cpus(text).ok(),
            [_, text] => asked.pids = parse_pids(text).ok(),
        }
        let result = group.apply(&asked);
        assert!(
            result.is_err(),
            "this group has no {controller} controller: {} was dropped without a word",
            limits.join(" ")
        );
    }
}

#[test]
fn memory_over_the_limit_is_killed() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    succeed(&["apply", &trial.name("web"), "--memory", "32m"]);
    let output = trial.probe_inside("web", &["memory:16", "memory:96"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("touched 16 MiB"), "16 MiB are less than the limit of 32 MiB, and were refused: {said}");
    assert_eq!(
        output.status.signal(),
        Some(9),
        "96 MiB were used under a limit of 32 MiB: the limit is not in force: {said}"
    );
    assert_eq!(trial.count("web", "memory.events", "oom_kill"), 1, "the kernel counts one kill in this group");
}

#[test]
fn a_fork_over_the_limit_fails() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    let most = 5 + some_number(10);
    succeed(&["apply", &trial.name("web"), "--pids", &most.to_string()]);
    let output = trial.probe_inside("web", &["forks:40"]);
    let said = String::from_utf8_lossy(&output.stdout);
    // The probe itself is one of them.
    let expected = format!("started {}, refused: Resource temporarily unavailable", most - 1);
    assert!(said.contains(&expected), "{most} processes are allowed, the probe and {} children: {said}", most - 1);
}

#[test]
fn cpu_time_stays_within_a_tenth_of_the_quota() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    let percent = 15 + some_number(10);
    succeed(&["apply", &trial.name("web"), "--cpus", &format!("0.{percent}")]);
    // What was used before, by the shell outside of the group too, is in the first number.
    let output = trial.probe_inside("web", &["spin:200", "spin:3000"]);
    let said = String::from_utf8_lossy(&output.stdout);
    let milliseconds = |line: &str| line.strip_suffix(" ms")?.rsplit(' ').next()?.parse::<u64>().ok();
    let [before, after] = said.lines().filter_map(milliseconds).collect::<Vec<_>>()[..] else {
        panic!("the probe reports its CPU time twice: {said}");
    };
    let (used, allowed) = (after - before, 3000 * percent / 100);
    assert!(used <= allowed * 11 / 10, "{used} ms of CPU time in 3000 ms, where {allowed} are allowed");
    let (periods, throttled) =
        (trial.count("web", "cpu.stat", "nr_periods"), trial.count("web", "cpu.stat", "nr_throttled"));
    // On a machine with more work than processors the probe may not even get its
    // quota; then the kernel did not hold it back, and the lower bound says nothing.
    if throttled * 10 >= periods * 9 {
        assert!(used * 10 >= allowed * 9, "{used} ms of CPU time in 3000 ms, where {allowed} were asked for");
    }
}

#[test]
fn no_limits_is_no_error() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    let output = run(&["apply", &trial.name("web")]);
    assert_eq!(output.status.code(), Some(0), "nothing to write: {}", String::from_utf8_lossy(&output.stderr));
}
