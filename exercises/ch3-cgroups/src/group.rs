//! Given: a group's name, its directories, and its files in version 2's words.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid};

use crate::{CPU_PERIOD, Error, Hierarchy, Limits, Result, Version, page_size, v1};

/// A control group: a name, such as `galley/web`, and where it is.
///
/// Nothing happens when one is dropped: `galley run -d` must be able to leave a
/// group behind. [`Group::delete`] removes it.
#[derive(Clone, Debug)]
pub struct Group {
    name: PathBuf,
    hierarchy: Hierarchy,
}

impl Group {
    /// The group of this name, whether it exists or not.
    ///
    /// # Errors
    /// [`Error::Name`], and what [`Hierarchy::find`] returns.
    pub fn named(name: &str) -> Result<Self> {
        let path = Path::new(name);
        let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        if name.is_empty() || !plain {
            return Err(Error::Name(name.to_owned()));
        }
        Ok(Self { name: path.to_owned(), hierarchy: Hierarchy::find()? })
    }

    /// A group that exists already, made by this or another process.
    ///
    /// # Errors
    /// As [`Group::named`]; [`Error::File`] if there is none.
    pub fn open(name: &str) -> Result<Self> {
        let group = Self::named(name)?;
        match group.paths().into_iter().find(|path| !path.is_dir()) {
            Some(missing) => Err(Error::file("open", missing, io::ErrorKind::NotFound.into())),
            None => Ok(group),
        }
    }

    /// The name, below the directories of [`Group::hierarchy`].
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// Where the group was, or will be, made.
    pub fn hierarchy(&self) -> &Hierarchy {
        &self.hierarchy
    }

    /// The group's directories: one on version 2, one for each controller on version 1.
    pub fn paths(&self) -> Vec<PathBuf> {
        self.hierarchy.directories().into_iter().map(|directory| directory.join(&self.name)).collect()
    }

    /// Every directory on the way down, each with its parent: for `galley/web`
    /// the pair (top, `galley`) and then (`galley`, `galley/web`).
    pub fn levels(&self) -> Vec<(PathBuf, PathBuf)> {
        let mut levels = Vec::new();
        for top in self.hierarchy.directories() {
            let mut path = top.to_owned();
            for part in &self.name {
                let parent = path.clone();
                path.push(part);
                levels.push((parent, path.clone()));
            }
        }
        levels
    }

    /// Whether groups are made below this directory, and so it is not ours.
    pub fn is_top(&self, path: &Path) -> bool {
        self.hierarchy.directories().contains(&path)
    }

    /// The group's directories and all those below, the deepest first.
    pub fn tree(&self) -> Vec<PathBuf> {
        fn add(path: PathBuf, tree: &mut Vec<PathBuf>) {
            // What cannot be listed has vanished, or its removal will say why.
            for entry in fs::read_dir(&path).into_iter().flatten().flatten() {
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    add(entry.path(), tree);
                }
            }
            tree.push(path);
        }
        let mut tree = Vec::new();
        self.paths().into_iter().for_each(|path| add(path, &mut tree));
        tree
    }

    /// Where a file of the group is; `memory.max` is the memory controller's.
    /// The files of no controller, such as `cgroup.procs`, are in each directory.
    pub fn path(&self, file: &str) -> PathBuf {
        let controller = file.split('.').next().unwrap_or_default();
        let root = self.hierarchy.root(controller).or(self.hierarchy.roots.first());
        root.map(|root| root.path.join(&self.name)).unwrap_or_default().join(file)
    }

    /// Reads a file of the group, by the name it has in version 2.
    ///
    /// # Errors
    /// [`Error::NoController`] if the group has no such file.
    pub fn read(&self, file: &str) -> Result<String> {
        match self.hierarchy.version {
            Version::V2 => read_file(&self.path(file)),
            Version::V1 => v1::read(self, file),
        }
    }

    /// Writes a file of the group, by the name it has in version 2.
    ///
    /// # Errors
    /// [`Error::NoController`] if the group has no such file; [`Error::File`] with
    /// the kernel's answer to the value.
    pub fn write(&self, file: &str, text: &str) -> Result<()> {
        match self.hierarchy.version {
            Version::V2 => write_file(&self.path(file), text),
            Version::V1 => v1::write(self, file, text),
        }
    }

    /// The limits that the kernel holds now.
    ///
    /// # Errors
    /// As [`Group::read`].
    pub fn limits(&self) -> Result<Limits> {
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let cpu = self.read("cpu.max")?;
        let (quota, period) = cpu.trim().split_once(' ').unwrap_or((&cpu, ""));
        let period = number(period).unwrap_or(CPU_PERIOD);
        Ok(Limits {
            memory: number(&self.read("memory.max")?),
            cpus: number(quota).map(|quota| quota as f64 / period as f64),
            pids: number(&self.read("pids.max")?),
        })
    }

    /// Compares the limits asked for with those that the kernel holds.
    ///
    /// # Errors
    /// [`Error::NotKept`] for the first that differs, and as [`Group::read`].
    pub fn verify(&self, limits: &Limits) -> Result<()> {
        let same = |file: &'static str, written: Option<u64>, kept: Option<u64>| match written {
            Some(number) if kept != written => {
                let kept = kept.map_or_else(|| "max".to_owned(), |kept| kept.to_string());
                Err(Error::NotKept { file, written: number.to_string(), kept })
            }
            _ => Ok(()),
        };
        let page = page_size()?;
        let kept = self.limits()?;
        same("memory.max", limits.memory.map(|bytes| bytes / page * page), kept.memory)?;
        same("cpu.max", limits.quota(), kept.quota())?;
        same("pids.max", limits.pids, kept.pids)
    }

    /// Moves a living process, with all its threads, into the group.
    ///
    /// What it allocated before stays charged to the group it came from
    /// (the cgroup-v2 guide, "Memory Ownership").
    ///
    /// # Errors
    /// [`Error::File`]: ESRCH for a process that has ended.
    pub fn add(&self, pid: Pid) -> Result<()> {
        self.paths().iter().try_for_each(|path| write_file(&path.join("cgroup.procs"), &pid.to_string()))
    }

    /// The processes in the group and in those below.
    pub fn processes(&self) -> Vec<Pid> {
        let texts = self.tree().into_iter().filter_map(|path| fs::read_to_string(path.join("cgroup.procs")).ok());
        let numbers = texts.flat_map(|text| text.lines().filter_map(|line| line.parse().ok()).collect::<Vec<i32>>());
        // A process that this pid namespace cannot see is listed as 0, and a
        // signal to 0 would go to the caller's own process group.
        let mut pids: Vec<Pid> = numbers.filter(|pid| *pid != 0).map(Pid::from_raw).collect();
        pids.sort_unstable();
        pids.dedup();
        pids
    }

    /// Ends every process in the group, and waits for their end.
    ///
    /// # Errors
    /// [`Error::Busy`] if the caller is one of them; [`Error::File`] with the errno
    /// of kill(2) or poll(2). A process that has ended is no error.
    pub fn kill(&self) -> Result<()> {
        let processes = self.processes();
        if processes.contains(&getpid()) {
            return Err(Error::Busy { path: self.path("cgroup.procs"), processes: vec![getpid()] });
        }
        for pid in processes {
            // The descriptor stands for this process even if its number is used
            // again; asked for before the signal, it can be waited on after it.
            let Some(process) = pidfd(pid)? else { continue };
            match kill(pid, Signal::SIGKILL) {
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(errno) => return Err(Error::file("kill a process of", self.path("cgroup.procs"), errno.into())),
            }
            let mut ended = [PollFd::new(process.as_fd(), PollFlags::POLLIN)];
            // A process in an uninterruptible sleep may take its time; `delete` asks again.
            match poll(&mut ended, PollTimeout::from(1000_u16)) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => {
                    return Err(Error::file("wait for a process of", self.path("cgroup.procs"), errno.into()));
                }
            }
        }
        Ok(())
    }
}

/// pidfd_open(2): readable when the process has ended. `None`: it has already.
fn pidfd(pid: Pid) -> Result<Option<OwnedFd>> {
    // SAFETY: the call takes two integers and returns a new descriptor or an error.
    let result = unsafe { nix::libc::syscall(nix::libc::SYS_pidfd_open, pid.as_raw(), 0) };
    match Errno::result(result) {
        // SAFETY: the descriptor is new and nobody else has it.
        Ok(descriptor) => Ok(Some(unsafe { OwnedFd::from_raw_fd(descriptor as i32) })),
        Err(Errno::ESRCH) => Ok(None),
        Err(errno) => Err(Error::file("watch", format!("/proc/{pid}"), errno.into())),
    }
}

/// Reads a file below a group's directory.
pub(crate) fn read_file(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| explain("read", path, error))
}

/// Writes a file below a group's directory in one write(2), as the kernel wants it,
/// and without O_CREAT: for a missing file that would answer EACCES.
pub(crate) fn write_file(path: &Path, text: &str) -> Result<()> {
    let file = OpenOptions::new().write(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| explain("write", path, error))
}

fn explain(action: &'static str, path: &Path, error: io::Error) -> Error {
    let in_group = path.parent().is_some_and(Path::is_dir);
    if error.kind() == io::ErrorKind::NotFound && in_group {
        return Error::NoController { file: path.to_owned() };
    }
    Error::file(action, path, error)
}
