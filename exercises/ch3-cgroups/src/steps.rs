//! Steps 2 to 6: a group from its making to its end, by hand, through its files.

use std::process::{Child, Command};
use std::time::Duration;

use crate::{Group, Limits, Result};

/// What the limits did, since the group was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Processes that the kernel killed because the group's memory was used up.
    pub oom_kills: u64,
    /// The most memory that was in use at once, in bytes; `None` if the kernel
    /// does not tell (before Linux 5.19 on version 2).
    pub memory_peak: Option<u64>,
    /// Forks that were refused because of the limit on processes.
    pub refused_forks: u64,
    /// Periods in which the group had used its CPU time before they ended.
    pub throttled_periods: u64,
    /// How long its processes had to wait then, added up.
    pub throttled_time: Duration,
}

impl Group {
    /// Makes a new group, and switches memory, pids and cpu on for it.
    ///
    /// On version 2 a controller works in a group only if every group above names
    /// it in `cgroup.subtree_control`, and a group that does so may hold no
    /// processes itself, the top one excepted (cgroups(7), "no internal
    /// processes"). Only controllers that a group's `cgroup.controllers` lists can
    /// be named; of these, `crate::hierarchy::CONTROLLERS` are wanted. Version 1
    /// has neither file.
    ///
    /// # Errors
    /// [`Error::Name`], [`Error::NotMounted`], [`Error::NotDelegated`]; or
    /// [`Error::File`], EEXIST if there is such a group. What was made is removed.
    pub fn create(name: &str) -> Result<Group> {
        // ANCHOR: create
        let _ = &name; // what you have to work with
        todo!("ch3 step 2: make a control group")
        // ANCHOR_END: create
    }

    /// Writes the limits, then reads each one back.
    ///
    /// `memory.max` is in bytes, `cpu.max` in microseconds of CPU time and of the
    /// period they are for (`50000 100000`), `pids.max` a number of processes and
    /// threads. Memory that may be swapped out is no limit at all, so swap is set
    /// to none where the machine counts it. A limit that is not given is left alone.
    ///
    /// # Errors
    /// [`Error::NoController`] if a controller is not on; [`Error::NotKept`] if the
    /// kernel holds another value than the one written.
    pub fn apply(&self, limits: &Limits) -> Result<()> {
        // ANCHOR: apply
        let _ = &limits; // what you have to work with
        todo!("ch3 step 3: write the limits, and read them back")
        // ANCHOR_END: apply
    }

    /// Starts a program that is in the group from its first instruction.
    ///
    /// A process put in after it started has had its memory and its children
    /// charged elsewhere. So the child moves itself, between fork and exec: the
    /// process id `0`, written to `cgroup.procs`, is the writer.
    ///
    /// # Errors
    /// [`Error::File`] if `cgroup.procs` cannot be opened; [`Error::Start`] if the
    /// child could not move or exec.
    pub fn start(&self, command: &mut Command) -> Result<Child> {
        // ANCHOR: start
        let _ = &command; // what you have to work with
        todo!("ch3 step 4: put a process in before it execs")
        // ANCHOR_END: start
    }

    /// Reads what the limits did so far.
    ///
    /// `memory.events` counts kills, `pids.events` refused forks, `cpu.stat` the
    /// periods in which the group was held back; each line is a name and a number.
    ///
    /// # Errors
    /// As [`Group::read`].
    pub fn report(&self) -> Result<Report> {
        // ANCHOR: report
        todo!("ch3 step 5: see what the limits did")
        // ANCHOR_END: report
    }

    /// Removes the group, after ending every process that is still in it, and the
    /// groups above that are empty then. A group that is gone already is no error.
    ///
    /// rmdir(2) answers EBUSY while a process or a group is in it.
    ///
    /// # Errors
    /// [`Error::Busy`] if the caller itself is in the group, or if a process does
    /// not end within ten seconds.
    pub fn delete(self) -> Result<()> {
        // ANCHOR: delete
        todo!("ch3 step 6: remove the group, always")
        // ANCHOR_END: delete
    }
}
