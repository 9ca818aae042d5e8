//! Given: where control groups are mounted, and where in there groups may be made.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nix::unistd::AccessFlags;

use crate::{Error, Result};

/// The controllers of this chapter.
pub const CONTROLLERS: [&str; 3] = ["memory", "pids", "cpu"];

/// Which kind of control groups the machine uses for the chapter's controllers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// One tree for each controller.
    V1,
    /// One tree for all of them.
    V2,
}

/// The directories below which groups are made: one on version 2, one for each
/// controller on version 1.
#[derive(Clone, Debug)]
pub struct Hierarchy {
    /// A hybrid machine has both; what counts is where the memory controller is.
    pub version: Version,
    /// The directory, with the mount point it lies in, for each controller.
    pub roots: Vec<Root>,
}

/// Where one controller's groups are made.
#[derive(Clone, Debug)]
pub struct Root {
    pub controller: &'static str,
    pub mount: PathBuf,
    pub path: PathBuf,
}

impl Hierarchy {
    /// Finds the mounts, and in each the highest group that the caller may write
    /// in: root gets the top, a user what systemd delegated to it. The highest,
    /// because a lower one may hold processes, and version 2 then allows it no
    /// controllers for its children.
    ///
    /// # Errors
    /// [`Error::NotMounted`] and [`Error::NotDelegated`].
    pub fn find() -> Result<Self> {
        let read = |path: &str| fs::read_to_string(path).map_err(|error| Error::file("read", path, error));
        let (mounts, mine) = (read("/proc/self/mountinfo")?, read("/proc/self/cgroup")?);
        // A controller is on one hierarchy only; if not on a v1 one, on v2.
        if let Some(mount) = mount_of(&mounts, "memory") {
            let roots = CONTROLLERS.iter().map(|controller| {
                let mount = match *controller {
                    "memory" => mount.clone(),
                    other => mount_of(&mounts, other).ok_or(Error::NotMounted { controller: other })?,
                };
                Ok(Root { controller, path: highest_writable(&mount, &own_path(&mine, controller))?, mount })
            });
            return Ok(Self { version: Version::V1, roots: roots.collect::<Result<_>>()? });
        }
        let mount = unified_mount(&mounts).ok_or(Error::NotMounted { controller: "memory" })?;
        let path = highest_writable(&mount, &own_path(&mine, ""))?;
        let root = |controller: &&'static str| Root { controller, mount: mount.clone(), path: path.clone() };
        Ok(Self { version: Version::V2, roots: CONTROLLERS.iter().map(root).collect() })
    }

    /// The directories to make groups in, each once.
    pub fn directories(&self) -> Vec<&Path> {
        let mut directories: Vec<&Path> = self.roots.iter().map(|root| root.path.as_path()).collect();
        directories.sort_unstable();
        directories.dedup();
        directories
    }

    /// The directory for a controller's files.
    pub fn root(&self, controller: &str) -> Option<&Root> {
        self.roots.iter().find(|root| root.controller == controller)
    }
}

/// The mount points of mountinfo with their type and the super block's options
/// (proc_pid_mountinfo(5)).
fn mounted(mounts: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    mounts.lines().filter_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut after = after.split(' ');
        Some((before.split(' ').nth(4)?, after.next()?, after.nth(1)?))
    })
}

/// Where version 1 has this controller, which is named in the mount's options.
fn mount_of(mounts: &str, controller: &str) -> Option<PathBuf> {
    mounted(mounts)
        .find(|(_, kind, options)| *kind == "cgroup" && options.split(',').any(|option| option == controller))
        .map(|(point, ..)| PathBuf::from(point))
}

/// Where version 2 is mounted. On a hybrid machine that tree has other controllers.
fn unified_mount(mounts: &str) -> Option<PathBuf> {
    let has_memory = |point: &str| {
        let controllers = fs::read_to_string(Path::new(point).join("cgroup.controllers")).unwrap_or_default();
        controllers.split_whitespace().any(|controller| controller == "memory")
    };
    mounted(mounts)
        .find(|(point, kind, _)| *kind == "cgroup2" && has_memory(point))
        .map(|(point, ..)| PathBuf::from(point))
}

/// The caller's own group in the hierarchy of a controller, or, for an empty
/// name, in version 2's: its line is `0::/path` (cgroups(7), "/proc/pid/cgroup").
fn own_path(mine: &str, controller: &str) -> PathBuf {
    let of = |line: &str| {
        let mut parts = line.splitn(3, ':').skip(1);
        let names = parts.next()?;
        names.split(',').any(|name| name == controller).then(|| parts.next().map(PathBuf::from))?
    };
    mine.lines().find_map(of).unwrap_or_else(|| PathBuf::from("/"))
}

/// The first directory, from the mount point down to `own`, that may be written in.
fn highest_writable(mount: &Path, own: &Path) -> Result<PathBuf> {
    let below = own.components().filter(|part| matches!(part, std::path::Component::Normal(_)));
    let mut candidate = mount.to_owned();
    let mut refused = writable(&candidate).err();
    for part in below {
        if refused.is_none() {
            break;
        }
        candidate.push(part);
        refused = writable(&candidate).err();
    }
    match refused {
        None => Ok(candidate),
        Some(source) => Err(Error::NotDelegated { path: mount.to_owned(), source }),
    }
}

/// Both are needed: a group below, and a process moved into it through the common
/// ancestor's file (cgroups(7), "Cgroup delegation").
fn writable(group: &Path) -> io::Result<()> {
    for path in [group.to_owned(), group.join("cgroup.procs")] {
        nix::unistd::access(&path, AccessFlags::W_OK).map_err(io::Error::from)?;
    }
    Ok(())
}
