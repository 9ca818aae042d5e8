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
        use crate::Error;
        use crate::hierarchy::CONTROLLERS;
        use std::fs;
        use std::io::ErrorKind::{AlreadyExists, NotFound};
        use std::path::{Path, PathBuf};

        fn switch_on(group: &Path) -> Result<()> {
            // Version 1 has no such file, and every controller on.
            let Ok(available) = fs::read_to_string(group.join("cgroup.controllers")) else { return Ok(()) };
            let control = group.join("cgroup.subtree_control");
            for name in available.split_whitespace().filter(|name| CONTROLLERS.contains(name)) {
                fs::write(&control, format!("+{name}")).map_err(|error| Error::file("write", &control, error))?;
            }
            Ok(())
        }

        let group = Group::named(name)?;
        let make = |made: &mut Vec<PathBuf>| -> Result<()> {
            for (parent, path) in group.levels() {
                switch_on(&parent)?;
                match fs::create_dir(&path) {
                    Ok(()) => made.push(path),
                    // Many groups may share a parent; the last directory must be new.
                    Err(error) if error.kind() == AlreadyExists && !path.ends_with(group.name()) => {}
                    Err(error) => return Err(Error::file("make", &path, error)),
                }
            }
            Ok(())
        };
        let mut made = Vec::new();
        let mut result = make(&mut made);
        // The parent vanishes with the last group in it: then begin again.
        while matches!(&result, Err(Error::File { source, .. }) if source.kind() == NotFound) {
            result = make(&mut made);
        }
        if result.is_err() {
            made.iter().rev().for_each(|path| drop(fs::remove_dir(path)));
        }
        result.map(|()| group)
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
        use crate::{CPU_PERIOD, Error};

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
        self.verify(limits)
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
        use crate::Error;
        use std::fs::OpenOptions;
        use std::os::unix::process::CommandExt;

        let mut doors = Vec::new();
        for path in self.paths() {
            let path = path.join("cgroup.procs");
            let door = OpenOptions::new().write(true).open(&path).map_err(|error| Error::file("open", &path, error))?;
            doors.push(door);
        }
        let move_in = move || {
            for door in &doors {
                nix::unistd::write(door, b"0")?;
            }
            Ok(())
        };
        // SAFETY: between fork and exec a child of a program with threads may only
        // do what a signal handler may (fork(2)): write(2) to open files is allowed.
        unsafe { command.pre_exec(move_in) };
        command.spawn().map_err(|source| Error::Start { program: command.get_program().to_owned(), source })
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
        use crate::Error;

        let count = |file: &str, name: &str| -> Result<u64> {
            let text = self.read(file)?;
            let words = text.lines().filter_map(|line| line.split_once(' '));
            let mut found = words.filter(|(key, _)| *key == name);
            Ok(found.next().and_then(|(_, number)| number.trim().parse().ok()).unwrap_or(0))
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
        use crate::Error;
        use std::fs::remove_dir;
        use std::io::ErrorKind::{NotFound, ResourceBusy};
        use std::time::Instant;

        let deadline = Instant::now() + Duration::from_secs(10);
        for path in self.tree() {
            loop {
                match remove_dir(&path) {
                    Ok(()) => break,
                    Err(error) if error.kind() == NotFound => break,
                    Err(error) if error.kind() != ResourceBusy => return Err(Error::file("remove", &path, error)),
                    Err(_) if Instant::now() > deadline => {
                        return Err(Error::Busy { path, processes: self.processes() });
                    }
                    // A process may have forked since it was listed: list again.
                    Err(_) => self.kill()?,
                }
            }
        }
        for (parent, _) in self.levels().into_iter().rev().filter(|(parent, _)| !self.is_top(parent)) {
            // Busy with other groups, or removed by another process: both are well.
            drop(remove_dir(parent));
        }
        Ok(())
        // ANCHOR_END: delete
    }
}
