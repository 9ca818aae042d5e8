//! Limits: in the kernel, and felt.

use std::fs;
use std::path::Path;

use checks::kernel;

use crate::test_env::{TestEnv, until};

/// A value of a process's control group, by the file's name in version 1 and in 2.
fn limit(pid: u32, controller: &str, v1: &str, v2: &str) -> String {
    let groups = kernel::file(pid, "cgroup");
    let of = |line: &str| {
        let mut fields = line.splitn(3, ':').skip(1);
        Some((fields.next()?.to_owned(), fields.next()?.trim_start_matches('/').to_owned()))
    };
    let found: Vec<(String, String)> = groups.lines().filter_map(of).collect();
    let hierarchy = Path::new("/sys/fs/cgroup");
    let path = match found.iter().find(|(names, _)| names.split(',').any(|name| name == controller)) {
        Some((_, path)) => hierarchy.join(controller).join(path).join(v1),
        None => hierarchy.join(&found.iter().find(|(names, _)| names.is_empty()).unwrap().1).join(v2),
    };
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.trim().to_owned()
}

#[test]
fn limits_are_in_the_kernel() {
    let Some(test) = TestEnv::of_root() else { return };
    let id = test.start(&["--memory", "64m", "--pids-limit", "20", "--cpus", "0.5"], &["pause:60"]);
    let pid = test.pid(&id);
    assert_eq!(limit(pid, "memory", "memory.limit_in_bytes", "memory.max"), (64 << 20).to_string());
    assert_eq!(limit(pid, "pids", "pids.max", "pids.max"), "20");
    let cpu = limit(pid, "cpu", "cpu.cfs_quota_us", "cpu.max");
    assert_eq!(cpu.split(' ').next(), Some("50000"), "half of each 100000 µs");
    assert_eq!(test.galley(&["rm", "-f", &id]).code, 0);
    test.assert_clean(&[id]);
}

#[test]
fn limits_bite() {
    let Some(test) = TestEnv::of_root() else { return };
    let greedy = test.start(&["--memory", "32m"], &["memory:200"]);
    until("the out-of-memory kill", || test.row(&greedy).contains("Exited"));
    assert!(test.row(&greedy).contains("Exited (137), out of memory"), "{}", test.row(&greedy));
    assert_eq!(test.galley(&["rm", &greedy]).code, 0);

    let forks = test.run(&["--rm", "--pids-limit", "5"], &["forks:20"]);
    assert!(forks.out.starts_with("forks:20 started 4, refused"), "five with the probe itself: {}", forks.out);

    let spin = test.run(&["--rm", "--cpus", "0.2"], &["spin:1000"]);
    let used = spin.view().get("spin:1000").trim_end_matches(" ms").parse::<u64>().unwrap_or(u64::MAX);
    assert!(used <= 400, "a fifth of a processor for 1 s is 200 ms, and a period to spare: {}", spin.out);
    test.assert_clean(&[greedy]);
}
