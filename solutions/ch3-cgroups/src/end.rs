//! Steps 6 and 7: the end of a group, with everything that is in it.

use cgroupfs::Result;

use crate::Group;

impl Group {
    /// Kills every process in the group and in the groups below, and waits until there is
    /// none left.
    ///
    /// A `1` written to `cgroup.kill` kills the whole tree at once, and no fork gets away
    /// (version 2, since Linux 5.14). Where that file is missing ([`cgroupfs::Cgroup::write`]
    /// then answers [`cgroupfs::Error::NoController`]), each process is killed by itself.
    /// A process may fork after the list was read, so one round is not enough.
    ///
    /// A process is gone when its [`sys::PidFd`], opened before the kill, says so. The
    /// number alone does not tell: by then another process can have it.
    ///
    /// # Errors
    /// [`cgroupfs::Error::Busy`] if the caller is in the group, or if a process has not
    /// ended within ten seconds.
    pub fn kill(&self) -> Result<()> {
        // ANCHOR: kill
        use std::time::{Duration, Instant};

        use cgroupfs::Error;
        use nix::sys::signal::Signal;
        use nix::unistd::getpid;
        use sys::PidFd;

        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let processes = self.processes();
            if processes.is_empty() {
                return Ok(());
            }
            if processes.contains(&getpid()) || Instant::now() > deadline {
                return Err(Error::Busy { path: self.path("cgroup.procs"), processes });
            }
            let mut opened = Vec::new();
            for process in processes {
                opened.extend(PidFd::open(process.as_raw())?);
            }
            match self.write("cgroup.kill", "1") {
                Ok(()) => {}
                Err(Error::NoController { .. }) => {
                    opened.iter().try_for_each(|process| process.send_signal(Signal::SIGKILL))?;
                }
                Err(error) => return Err(error),
            }
            for process in &opened {
                process.wait(deadline.saturating_duration_since(Instant::now()))?;
            }
        }
        // ANCHOR_END: kill
    }

    /// Removes the group, after killing every process in it, and the groups above that
    /// are then empty. A group that is gone already is not an error.
    ///
    /// rmdir(2) answers `EBUSY` while a process or a group is inside, so the groups below
    /// ([`cgroupfs::Cgroup::tree`]) go first. The kernel can need a moment after the last
    /// process has ended.
    ///
    /// # Errors
    /// Those of [`Group::kill`] and rmdir(2); [`cgroupfs::Error::Busy`] after ten seconds.
    pub fn delete(self) -> Result<()> {
        // ANCHOR: delete
        use std::fs::remove_dir;
        use std::io::ErrorKind::{NotFound, ResourceBusy};
        use std::time::{Duration, Instant};

        use cgroupfs::Error;
        use sys::Context;

        let deadline = Instant::now() + Duration::from_secs(10);
        for path in self.tree() {
            loop {
                match remove_dir(&path) {
                    Err(error) if error.kind() == ResourceBusy => self.kill()?,
                    Err(error) if error.kind() == NotFound => break,
                    removed => break removed.context("rmdir", &path)?,
                }
                if Instant::now() > deadline {
                    return Err(Error::Busy { path, processes: self.processes() });
                }
            }
        }
        for (parent, _) in self.levels().into_iter().rev().filter(|(parent, _)| !self.is_top(parent)) {
            // Busy with other groups, or removed by another process: both are fine.
            drop(remove_dir(parent));
        }
        Ok(())
        // ANCHOR_END: delete
    }
}
