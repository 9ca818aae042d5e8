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
        let _ = &limits; // what you have to work with
        todo!("ch3 step 3: write the limits, and read them back")
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
        todo!("ch3 step 5: see what the limits did")
        // ANCHOR_END: report
    }
}
