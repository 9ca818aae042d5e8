//! Steps 3 and 5: limits, and what they did.

use std::time::Duration;

use cgroupfs::{Limits, Result};

use crate::Group;

/// What the limits did since the group was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Processes that the kernel killed because the group's memory was used up.
    pub oom_kills: u64,
    /// The most memory that was in use at once, in bytes; `None` before Linux 5.19 on
    /// version 2, which does not tell.
    pub memory_peak: Option<u64>,
    /// Forks that were refused because of the limit on processes.
    pub refused_forks: u64,
    /// Periods in which the group had used its CPU time before they ended.
    pub throttled_periods: u64,
    /// How long its processes had to wait then, added up.
    pub throttled_time: Duration,
}

impl Group {
    /// Writes the limits, then reads each one back.
    ///
    /// `memory.max` is in bytes; `cpu.max` holds microseconds of CPU time and of the
    /// period that they are for ([`cgroupfs::CPU_PERIOD`]), such as `50000 100000`;
    /// `pids.max` is a number of processes and threads. Memory that can be swapped out is
    /// not limited at all, so `memory.swap.max` is set to 0 where the machine has that
    /// file. A limit that is `None` is left alone.
    ///
    /// The kernel accepts numbers that it does not keep. It rounds memory down to whole
    /// pages ([`cgroupfs::page_size`]), which is fine; any other change means that the
    /// limit is not in force.
    ///
    /// # Errors
    /// [`cgroupfs::Error::NoController`] if a controller is not enabled;
    /// [`cgroupfs::Error::LimitMismatch`] if the kernel holds another value.
    pub fn apply(&self, limits: &Limits) -> Result<()> {
        // ANCHOR: apply
        use cgroupfs::{CPU_PERIOD, Error, page_size};

        if let Some(bytes) = limits.memory {
            self.write("memory.max", &bytes.to_string())?;
            match self.write("memory.swap.max", "0") {
                // Without swap the file is not there.
                Ok(()) | Err(Error::NoController { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if let Some(quota) = limits.quota() {
            self.write("cpu.max", &format!("{quota} {CPU_PERIOD}"))?;
        }
        if let Some(pids) = limits.pids {
            self.write("pids.max", &pids.to_string())?;
        }

        let (page, held) = (page_size()?, self.limits()?);
        for (file, written, held) in [
            ("memory.max", limits.memory.map(|bytes| bytes / page * page), held.memory),
            ("cpu.max", limits.quota(), held.quota()),
            ("pids.max", limits.pids, held.pids),
        ] {
            if let Some(number) = written.filter(|_| held != written) {
                let held = held.map_or_else(|| "max".to_owned(), |number| number.to_string());
                return Err(Error::LimitMismatch { file, written: number.to_string(), held });
            }
        }
        Ok(())
        // ANCHOR_END: apply
    }

    /// Reads what the limits did so far.
    ///
    /// `memory.events` counts kills, `pids.events` refused forks, and `cpu.stat` the
    /// periods in which the group was throttled, with the microseconds. Each line of these
    /// files is a name and a number. `memory.peak` is one number.
    ///
    /// # Errors
    /// As [`cgroupfs::Cgroup::read`].
    pub fn report(&self) -> Result<Report> {
        // ANCHOR: report
        use cgroupfs::Error;

        let count = |file: &str, name: &str| -> Result<u64> {
            let text = self.read(file)?;
            let mut lines = text.lines().filter_map(|line| line.split_once(' '));
            let found = lines.find(|(key, _)| *key == name);
            Ok(found.and_then(|(_, number)| number.trim().parse().ok()).unwrap_or(0))
        };
        let memory_peak = match self.read("memory.peak") {
            Ok(text) => text.trim().parse().ok(),
            Err(Error::NoController { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(Report {
            oom_kills: count("memory.events", "oom_kill")?,
            memory_peak,
            refused_forks: count("pids.events", "max")?,
            throttled_periods: count("cpu.stat", "nr_throttled")?,
            throttled_time: Duration::from_micros(count("cpu.stat", "throttled_usec")?),
        })
        // ANCHOR_END: report
    }
}
