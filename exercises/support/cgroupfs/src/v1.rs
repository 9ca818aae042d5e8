//! Version 2's files on a machine with version 1.
//!
//! Version 1 came first, with one tree for each controller and other names for
//! the same things (the kernel's `cgroup-v1` guides, cgroups(7)).

use std::path::PathBuf;

use crate::error::Result;
use crate::files::{read_file, write_file};
use crate::limits::CPU_PERIOD;

/// What version 1 reports for "no limit": the largest multiple of a page.
const UNLIMITED: u64 = 0x7fff_ffff_ffff_f000;

/// Reads what version 2 would show; `path` tells where a file of the group is.
///
/// # Errors
/// [`crate::Error::NoController`] if the group has no such file.
pub fn read(path: impl Fn(&str) -> PathBuf, file: &str) -> Result<String> {
    let text = |name: &str| read_file(&path(name));
    let number = |name: &str| text(name).map(|text| text.trim().parse::<i64>().unwrap_or(-1));
    Ok(match file {
        "memory.max" => match number("memory.limit_in_bytes")?.unsigned_abs() {
            UNLIMITED => "max".to_owned(),
            bytes => bytes.to_string(),
        },
        "memory.current" => text("memory.usage_in_bytes")?,
        "memory.peak" => text("memory.max_usage_in_bytes")?,
        "memory.events" => text("memory.oom_control")?,
        "cpu.max" => {
            let period = number("cpu.cfs_period_us")?;
            match number("cpu.cfs_quota_us")? {
                ..=-1 => format!("max {period}"),
                quota => format!("{quota} {period}"),
            }
        }
        "cpu.stat" => microseconds(&text("cpu.stat")?),
        same => text(same)?,
    })
}

/// Writes what version 2 would take; `path` tells where a file of the group is.
///
/// # Errors
/// As [`read`], and the kernel's answer to the value.
pub fn write(path: impl Fn(&str) -> PathBuf, file: &str, text: &str) -> Result<()> {
    let set = |name: &str, text: &str| write_file(&path(name), text);
    let unlimited = |text: &str| if text == "max" { "-1".to_owned() } else { text.to_owned() };
    match file {
        "memory.max" => set("memory.limit_in_bytes", &unlimited(text)),
        "memory.swap.max" => {
            // Version 1 counts memory and swap together: no swap is the same number.
            let together = read_file(&path("memory.limit_in_bytes"))?;
            set("memory.memsw.limit_in_bytes", together.trim())
        }
        "cpu.max" => {
            let (quota, period) = text.split_once(' ').unwrap_or((text, ""));
            let period = if period.is_empty() { CPU_PERIOD.to_string() } else { period.to_owned() };
            set("cpu.cfs_period_us", &period)?;
            set("cpu.cfs_quota_us", &unlimited(quota))
        }
        same => set(same, text),
    }
}

/// Version 1 counts throttled time in nanoseconds, as `throttled_time`.
fn microseconds(text: &str) -> String {
    let lines = text.lines().map(|line| match line.strip_prefix("throttled_time ") {
        Some(nanoseconds) => format!("throttled_usec {}\n", nanoseconds.parse::<u64>().unwrap_or(0) / 1000),
        None => format!("{line}\n"),
    });
    lines.collect()
}
