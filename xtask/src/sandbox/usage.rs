//! Tells whether a check has reached a limit on memory or processes.

use std::fs;
use std::path::Path;

use nix::sys::resource::{UsageWho, getrusage};
use nix::unistd::Pid;

use super::cgroup::Group;
use super::job::Limits;

/// The limits that are metered.
pub const LIMITS: [&str; 2] = ["memory", "processes"];

/// Where the numbers come from.
pub enum Usage<'a> {
    /// The kernel counts.
    Group(&'a Group),
    /// Without a control group the processes of the sandbox are counted one by one.
    Processes { init: Pid, limits: &'a Limits },
}

impl Usage<'_> {
    /// The name of the limit that is reached, if any.
    pub fn reached(&self) -> Option<&'static str> {
        match self {
            Self::Group(group) => group.reached(),
            Self::Processes { init, limits } => count(*init, limits),
        }
    }

    /// The name of the limit that was reached before everything ended, if any.
    ///
    /// Call it after the last process was waited for. What ends between two looks at
    /// `/proc` is not counted there, but the kernel remembers the largest resident set of
    /// them all (getrusage(2), `ru_maxrss`, in KiB).
    pub fn reached_before_the_end(&self) -> Option<&'static str> {
        let Self::Processes { limits, .. } = self else { return self.reached() };
        let most = getrusage(UsageWho::RUSAGE_CHILDREN).map_or(0, |usage| usage.max_rss().cast_unsigned());
        (most * 1024 > limits.memory).then_some("memory")
    }
}

fn count(init: Pid, limits: &Limits) -> Option<&'static str> {
    // Those of the sandbox are in the pid namespace of its process 1.
    let namespace = fs::read_link(format!("/proc/{init}/ns/pid")).ok()?;
    let (mut threads, mut pages) = (0, 0);
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let process = entry.path();
        if fs::read_link(process.join("ns/pid")).is_ok_and(|own| own == namespace) {
            threads += number(&process.join("stat"), 17);
            // Resident pages less those that are shared with files.
            pages += number(&process.join("statm"), 1).saturating_sub(number(&process.join("statm"), 2));
        }
    }
    if pages * page_size() > limits.memory {
        Some("memory")
    } else if threads > limits.processes {
        Some("processes")
    } else {
        None
    }
}

/// A number in a file of `/proc/PID`, by its place behind the program's name, which
/// is in parentheses and may hold blanks (proc_pid_stat(5)).
fn number(file: &Path, place: usize) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let rest = text.rsplit_once(')').map_or(text.as_str(), |(_, rest)| rest);
    rest.split_whitespace().nth(place).and_then(|word| word.parse().ok()).unwrap_or(0)
}

fn page_size() -> u64 {
    nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok().flatten().map_or(4096, i64::cast_unsigned)
}
