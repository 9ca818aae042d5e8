use std::time::Duration;

use cgroups::Report;

use super::cgroup_fixture::CgroupFixture;

fn report(trial: &CgroupFixture) -> Report {
    match trial.open("web").report() {
        Ok(report) => report,
        Err(error) => panic!("the group is there, and cannot be reported on: {error}"),
    }
}

#[test]
fn a_new_group_has_nothing_to_report() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    let report = report(&trial);
    let expected = Report { memory_peak: report.memory_peak, ..Report::default() };
    assert_eq!(report, expected, "nothing has happened in this group yet");
}

#[test]
fn a_kill_for_want_of_memory_is_counted() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    trial.limit("web", "memory.max", "33554432");
    for kills in 1..=2 {
        trial.probe_inside("web", &["memory:96"]);
        let counted = trial.count("web", "memory.events", "oom_kill");
        assert_eq!(counted, kills, "the check provoked {kills} kills");
        assert_eq!(report(&trial).oom_kills, kills, "the kernel counts {kills}: the line `oom_kill` of memory.events");
    }
}

#[test]
fn the_peak_is_what_the_kernel_saw() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    trial.probe_inside("web", &["memory:24"]);
    let seen: Option<u64> = trial.file("web", "memory.peak").parse().ok();
    let reported = report(&trial).memory_peak;
    assert_eq!(reported, seen, "memory.peak, in bytes");
    assert!(seen.is_none_or(|bytes| bytes > 24 << 20), "the check used 24 MiB");
}

#[test]
fn a_refused_fork_is_counted() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    trial.limit("web", "pids.max", "4");
    trial.probe_inside("web", &["forks:10"]);
    let counted = trial.count("web", "pids.events", "max");
    assert!(counted > 0, "the check provoked a refused fork");
    assert_eq!(report(&trial).refused_forks, counted, "the line `max` of pids.events");
}

#[test]
fn throttling_is_counted_in_periods_and_in_time() {
    let Some(trial) = CgroupFixture::with_group() else { return };
    // With the time of two processors one thread is never held back, so there are
    // periods that must not be counted.
    trial.limit("web", "cpu.max", "200000 100000");
    trial.probe_inside("web", &["spin:350"]);
    trial.limit("web", "cpu.max", "10000 100000");
    trial.probe_inside("web", &["spin:700"]);
    let periods = trial.count("web", "cpu.stat", "nr_throttled");
    let (all, report) = (trial.count("web", "cpu.stat", "nr_periods"), report(&trial));
    assert!(periods > 0, "the check was held back");
    assert!(all > periods, "the check was not held back in every period");
    assert_eq!(report.throttled_periods, periods, "the line `nr_throttled` of cpu.stat; nr_periods is {all}");
    // Version 1 counts nanoseconds.
    let time = match trial.is_v2() {
        true => Duration::from_micros(trial.count("web", "cpu.stat", "throttled_usec")),
        false => Duration::from_micros(trial.count("web", "cpu.stat", "throttled_time") / 1000),
    };
    assert_eq!(report.throttled_time, time, "the line `throttled_usec` of cpu.stat is in microseconds");
}
