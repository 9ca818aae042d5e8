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
        todo!("ch3 step 6: end everything in the group")
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
        todo!("ch3 step 7: remove the group, always")
        // ANCHOR_END: delete
    }
}
