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
    use std::fs;

    use sys::Context;

    let list = parent.join("cgroup.controllers");
    let available = fs::read_to_string(&list).context("read", &list)?;
    let control = parent.join("cgroup.subtree_control");
    for name in available.split_whitespace().filter(|name| wanted.contains(name)) {
        fs::write(&control, format!("+{name}")).context("write", &control)?;
    }
    Ok(())
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
        use std::fs;
        use std::io::ErrorKind::AlreadyExists;
        use std::path::PathBuf;

        use cgroupfs::{CONTROLLERS, Error, Version};
        use nix::errno::Errno;
        use sys::Context;

        let group = Group::named(name)?;
        let make = |made: &mut Vec<PathBuf>| -> Result<()> {
            for (parent, path) in group.levels() {
                if group.hierarchy().version == Version::V2 {
                    enable_controllers(&parent, &CONTROLLERS)?;
                }
                match fs::create_dir(&path) {
                    Ok(()) => made.push(path),
                    Err(error) if error.kind() == AlreadyExists && !path.ends_with(group.name()) => {}
                    failed => failed.context("mkdir", &path)?,
                }
            }
            Ok(())
        };
        let mut made = Vec::new();
        let mut result = make(&mut made);
        // The last group in a parent takes it along: if that happens now, begin again.
        while matches!(&result, Err(Error::Sys(error)) if error.errno == Errno::ENOENT) {
            result = make(&mut made);
        }
        if result.is_err() {
            made.iter().rev().for_each(|path| drop(fs::remove_dir(path)));
        }
        result.map(|()| group)
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
        use std::fs::OpenOptions;
        use std::os::unix::process::CommandExt;

        use cgroupfs::Error;
        use sys::Context;

        let mut procs_files = Vec::new();
        for path in self.paths() {
            let path = path.join("cgroup.procs");
            procs_files.push(OpenOptions::new().write(true).open(&path).context("open", &path)?);
        }
        let move_in = move || {
            for procs_file in &procs_files {
                nix::unistd::write(procs_file, b"0")?;
            }
            Ok(())
        };
        // SAFETY: between fork and exec a child of a program with threads may only do what
        // a signal handler may (fork(2)): write(2) to open files is allowed.
        unsafe { command.pre_exec(move_in) };
        let program = command.get_program().to_owned();
        command.spawn().call("execve").map_err(|error| Error::Start { program, error })
        // ANCHOR_END: start
    }
}
