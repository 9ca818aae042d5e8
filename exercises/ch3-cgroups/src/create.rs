//! Steps 1, 2 and 4: a group from its controllers to its first process.

use std::path::Path;
use std::process::{Child, Command};

use cgroupfs::Result;

use crate::Group;

/// Enables, for the groups below `parent`, those of the `wanted` controllers that it has.
///
/// On version 2 a directory has the files of a controller only if its parent names it in
/// `cgroup.subtree_control`, where `+memory` adds one. A group can pass on only what it
/// has itself, and `cgroup.controllers` lists that. The kernel refuses a write as a whole
/// if one name in it cannot be enabled.
///
/// # Errors
/// [`cgroupfs::Error::Sys`] with the kernel's answer: `EBUSY` if `parent` holds processes
/// itself, because a group may have either processes or controllers to pass on
/// (cgroups(7), "no internal processes"; the root is exempt). `ENOENT` on version 1,
/// which has neither file.
pub fn enable_controllers(parent: &Path, wanted: &[&str]) -> Result<()> {
    // ANCHOR: enable_controllers
    let _ = (&parent, &wanted); // what you have to work with
    todo!("ch3 step 1: enable controllers for the groups below")
    // ANCHOR_END: enable_controllers
}

impl Group {
    /// Makes a new group, and the groups above it that are not there yet.
    ///
    /// On version 2 each level must first enable [`cgroupfs::CONTROLLERS`] for the level
    /// below ([`enable_controllers`]); version 1 has nothing to enable. The groups above
    /// may be shared with others, so it is fine if they exist. The group itself must be
    /// new: two containers in one group would share one limit.
    ///
    /// # Errors
    /// [`cgroupfs::Error::Name`], [`cgroupfs::Error::NotMounted`],
    /// [`cgroupfs::Error::NotDelegated`]; or `EEXIST` if there is such a group. What was
    /// made before the error is removed.
    pub fn create(name: &str) -> Result<Group> {
        // ANCHOR: create
        let _ = &name; // what you have to work with
        todo!("ch3 step 2: make a control group")
        // ANCHOR_END: create
    }

    /// Starts a program that is in the group from its first instruction.
    ///
    /// If a process is put in after it started, its memory and its children so far stay
    /// charged elsewhere. So the child moves itself, between fork and exec: the process id
    /// `0`, written to `cgroup.procs`, means the writer. On version 1 there is one such
    /// file for each controller ([`cgroupfs::Cgroup::paths`]).
    ///
    /// # Errors
    /// [`cgroupfs::Error::Sys`] if `cgroup.procs` cannot be opened, and
    /// [`cgroupfs::Error::Start`] if the child could not move or exec.
    pub fn start(&self, command: &mut Command) -> Result<Child> {
        // ANCHOR: start
        let _ = &command; // what you have to work with
        todo!("ch3 step 4: put a process in before it execs")
        // ANCHOR_END: start
    }
}
