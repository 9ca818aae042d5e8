//! Where control groups are mounted, and where in there groups may be made.

use std::fs;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};
use sys::{Context, MountPoint};

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
    /// because a lower one may hold processes, and version 2 then enables no controllers
    /// for its children.
    ///
    /// # Errors
    /// [`Error::NotMounted`] and [`Error::NotDelegated`].
    pub fn find() -> Result<Self> {
        let mounts = sys::read_mountinfo()?;
        let path = "/proc/self/cgroup";
        let own_cgroups = fs::read_to_string(path).context("read", path)?;
        // A controller is on one hierarchy only; if not on a v1 one, on v2.
        if let Some(mount) = mount_of(&mounts, "memory") {
            let roots = CONTROLLERS.iter().map(|controller| {
                let mount = match *controller {
                    "memory" => mount.clone(),
                    other => mount_of(&mounts, other).ok_or(Error::NotMounted { controller: other })?,
                };
                Ok(Root { controller, path: highest_writable(&mount, &own_path(&own_cgroups, controller))?, mount })
            });
            return Ok(Self { version: Version::V1, roots: roots.collect::<Result<_>>()? });
        }
        let mount = unified_mount(&mounts).ok_or(Error::NotMounted { controller: "memory" })?;
        let path = highest_writable(&mount, &own_path(&own_cgroups, ""))?;
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

/// Where version 1 has this controller, which is named in the mount's options.
fn mount_of(mounts: &[MountPoint], controller: &str) -> Option<PathBuf> {
    let is_it = |mount: &&MountPoint| {
        mount.fs_type == "cgroup" && mount.super_options.split(',').any(|option| option == controller)
    };
    mounts.iter().find(is_it).map(|mount| mount.path.clone())
}

/// Where version 2 is mounted. On a hybrid machine that tree has other controllers.
fn unified_mount(mounts: &[MountPoint]) -> Option<PathBuf> {
    let has_memory = |mount: &&MountPoint| {
        let controllers = fs::read_to_string(mount.path.join("cgroup.controllers")).unwrap_or_default();
        mount.fs_type == "cgroup2" && controllers.split_whitespace().any(|controller| controller == "memory")
    };
    mounts.iter().find(has_memory).map(|mount| mount.path.clone())
}

/// The caller's own group in the hierarchy of a controller, or, for an empty
/// name, in version 2's: its line is `0::/path` (cgroups(7), "/proc/pid/cgroup").
fn own_path(own_cgroups: &str, controller: &str) -> PathBuf {
    let of = |line: &str| {
        let mut parts = line.splitn(3, ':').skip(1);
        let names = parts.next()?;
        names.split(',').any(|name| name == controller).then(|| parts.next().map(PathBuf::from))?
    };
    own_cgroups.lines().find_map(of).unwrap_or_else(|| PathBuf::from("/"))
}

/// The first directory, from the mount point down to `own`, that may be written in.
fn highest_writable(mount: &Path, own: &Path) -> Result<PathBuf> {
    let names = own.components().filter(|part| matches!(part, Component::Normal(_)));
    let candidates = std::iter::once(mount.to_owned()).chain(names.scan(mount.to_owned(), |path, name| {
        path.push(name);
        Some(path.clone())
    }));
    let mut refused = None;
    for candidate in candidates {
        match writable(&candidate) {
            Ok(()) => return Ok(candidate),
            Err(errno) => refused = Some(errno),
        }
    }
    Err(Error::NotDelegated(sys::Error::at("access", mount, refused.unwrap_or(Errno::EACCES))))
}

/// Both are needed: a group below, and a process moved into it through the common
/// ancestor's file (cgroups(7), "Cgroup delegation").
fn writable(group: &Path) -> nix::Result<()> {
    access(group, AccessFlags::W_OK)?;
    access(&group.join("cgroup.procs"), AccessFlags::W_OK)
}
