//! A group's name, its directories, and its files in version 2's words.

use std::fs;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::Pid;

use crate::files::{read_file, write_file};
use crate::{CPU_PERIOD, Error, Hierarchy, Limits, Result, Version, v1};

/// A control group: a name, such as `galley/web`, and where it is.
///
/// Dropping one changes nothing, because a group has to outlive the process that made it.
#[derive(Clone, Debug)]
pub struct Cgroup {
    name: PathBuf,
    hierarchy: Hierarchy,
}

impl Cgroup {
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
    /// As [`Cgroup::named`]; `ENOENT` if there is none.
    pub fn open(name: &str) -> Result<Self> {
        let group = Self::named(name)?;
        match group.paths().into_iter().find(|path| !path.is_dir()) {
            Some(missing) => Err(sys::Error::at("open", missing, Errno::ENOENT).into()),
            None => Ok(group),
        }
    }

    /// The name, below the directories of [`Cgroup::hierarchy`].
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
            Version::V1 => v1::read(|file| self.path(file), file),
        }
    }

    /// Writes a file of the group, by the name it has in version 2.
    ///
    /// # Errors
    /// [`Error::NoController`] if the group has no such file; [`Error::Sys`] with
    /// the kernel's answer to the value.
    pub fn write(&self, file: &str, text: &str) -> Result<()> {
        match self.hierarchy.version {
            Version::V2 => write_file(&self.path(file), text),
            // A process is in one group of each tree.
            Version::V1 if file == "cgroup.procs" => {
                self.paths().iter().try_for_each(|path| write_file(&path.join(file), text))
            }
            Version::V1 => v1::write(|file| self.path(file), file, text),
        }
    }

    /// The limits that the kernel holds now.
    ///
    /// # Errors
    /// As [`Cgroup::read`].
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

    /// Moves a process, with all its threads, into the group.
    ///
    /// What it allocated before stays charged to the group it came from
    /// (the cgroup-v2 guide, "Memory Ownership").
    ///
    /// # Errors
    /// `ESRCH` for a process that has ended.
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
}
