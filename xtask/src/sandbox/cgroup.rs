//! The control group around one check, for v1, hybrid and v2 machines.
//!
//! Written with plain files: the crate that chapter 3 uses would triple the
//! harness's build.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, io};

use nix::libc;
use nix::unistd::{AccessFlags, Pid, access, getpid};

use super::job::Limits;

/// Where every current distribution mounts control groups.
const MOUNT: &str = "/sys/fs/cgroup";

/// How the names of all groups made here begin; `cargo xtask clean` looks for it.
const PREFIX: &str = "galley-check-";

/// Holds the check's processes on v2.
const LEAF: &str = "check";

/// Where the harness of an ordinary user moves on v2, because the delegated group must hold
/// no process before it can pass controllers on. systemd removes it with the session.
const SESSION: &str = "galley-session";

/// How long the kernel may take to release killed processes.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The controllers a check needs, each a hierarchy of its own on v1.
const CONTROLLERS: &[&str] = &["memory", "pids", "cpu"];

/// The directories of one check's group: one on v2, one per controller on v1.
pub struct Group {
    unified: bool,
    directories: Vec<PathBuf>,
}

impl Group {
    /// Makes the group and writes the limits.
    ///
    /// # Errors
    /// The first file that could not be written; what was made is removed again.
    pub fn create(limits: &Limits) -> io::Result<Self> {
        let name = format!("{PREFIX}{}", getpid());
        let unified = is_unified();
        let directories = parents()?.into_iter().map(|parent| parent.join(&name)).collect();
        let group = Self { unified, directories };
        match group.prepare(limits) {
            Ok(()) => Ok(group),
            Err(error) => {
                group.delete();
                Err(error)
            }
        }
    }

    fn prepare(&self, limits: &Limits) -> io::Result<()> {
        for directory in &self.directories {
            if self.unified {
                // A group has only the controllers that its parent passes on.
                directory.parent().map_or(Ok(()), vacate)?;
            }
            fs::create_dir(directory)?;
            for (file, value) in [
                ("memory.max", limits.memory),
                ("memory.limit_in_bytes", limits.memory),
                ("pids.max", limits.processes),
            ] {
                let file = directory.join(file);
                if file.exists() {
                    fs::write(file, value.to_string())?;
                }
            }
        }
        Ok(())
    }

    /// Moves a process to the top of the group. The cgroup namespace that it makes next shows
    /// that as its root.
    pub fn enter(&self, pid: Pid) -> io::Result<()> {
        self.directories.iter().try_for_each(|directory| fs::write(directory.join("cgroup.procs"), pid.to_string()))
    }

    /// Moves a process of the group to a leaf, because on v2 a group with controllers for its
    /// children may hold no processes itself (cgroups(7), "no internal processes").
    pub fn enter_leaf(&self, pid: Pid) -> io::Result<()> {
        if !self.unified {
            return self.enter(pid);
        }
        for directory in &self.directories {
            let leaf = directory.join(LEAF);
            fs::create_dir_all(&leaf)?;
            fs::write(leaf.join("cgroup.procs"), pid.to_string())?;
            // Only now that no process is left in it.
            pass_on(directory)?;
        }
        Ok(())
    }

    /// The limit that the kernel reports as reached, if any.
    ///
    /// Only events of this group and its leaf count: chapter 3 provokes an OOM
    /// kill in a group below on purpose.
    pub fn reached(&self) -> Option<&'static str> {
        let (memory, processes) = if self.unified {
            ("memory.events.local", "pids.events.local")
        } else {
            ("memory.oom_control", "pids.events")
        };
        if self.count(memory, "oom_kill ") > 0 {
            Some("memory")
        } else if self.count(processes, "max ") > 0 {
            Some("processes")
        } else {
            None
        }
    }

    fn count(&self, file: &str, key: &str) -> u64 {
        let directories = self.directories.iter().flat_map(|directory| [directory.clone(), directory.join(LEAF)]);
        let texts = directories.filter_map(|directory| fs::read_to_string(directory.join(file)).ok());
        texts.map(|text| field(&text, key)).sum()
    }

    /// Kills what is left in the group and removes it, with every group below.
    pub fn delete(&self) {
        self.directories.iter().for_each(|directory| remove(directory));
    }
}

/// Passes the controllers that a check needs on to the group's children. At the root,
/// systemd has already done so, and nothing is written.
fn pass_on(group: &Path) -> io::Result<()> {
    let file = group.join("cgroup.subtree_control");
    let present = fs::read_to_string(&file)?;
    let mut missing = CONTROLLERS.iter().filter(|name| !present.split_whitespace().any(|other| other == **name));
    missing.try_for_each(|name| fs::write(&file, format!("+{name}")))
}

/// Lets a group pass its controllers on. Except at the root, the kernel refuses while a
/// process is in it (cgroups(7), "no internal processes").
fn vacate(group: &Path) -> io::Result<()> {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        match pass_on(group) {
            // A process that forked meanwhile left its child here, so try again.
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) && Instant::now() < deadline => {}
            result => return result,
        }
        let session = group.join(SESSION);
        fs::create_dir_all(&session)?;
        for pid in fs::read_to_string(group.join("cgroup.procs"))?.lines() {
            match fs::write(session.join("cgroup.procs"), pid) {
                // It has ended.
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {}
                result => result?,
            }
        }
    }
}

fn is_unified() -> bool {
    Path::new(MOUNT).join("cgroup.controllers").exists()
}

/// The directories to make groups in, one for each hierarchy: on v2 the highest writable
/// one, which for root is the top; on v1 the groups of this process.
fn parents() -> io::Result<Vec<PathBuf>> {
    let mount = Path::new(MOUNT);
    let mine = fs::read_to_string("/proc/self/cgroup")?;
    if is_unified() {
        let own = mine.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
        return Ok(vec![highest_writable(mount, &mount.join(own))?]);
    }
    // `4:memory:/path`: the hierarchy, its controllers, and the path in it.
    let find = |controller: &str| {
        let path = mine.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            let names = parts.next()?;
            names.split(',').any(|name| name == controller).then(|| parts.next())?
        });
        path.map(|path| mount.join(controller).join(path.trim_start_matches('/')))
    };
    let missing = |name| io::Error::new(io::ErrorKind::NotFound, format!("no {name} controller"));
    let mut found: Vec<PathBuf> =
        CONTROLLERS.iter().map(|name| find(name).ok_or_else(|| missing(name))).collect::<io::Result<_>>()?;
    // Nothing is limited there, but a container that is killed in a check leaves its group
    // for devices, which goes with the check's. An ordinary user makes none.
    found.extend(find("devices").filter(|path| access(path, AccessFlags::W_OK).is_ok()));
    Ok(found)
}

/// The first group on the way down to `own` that the caller may make groups in, and
/// move its processes into those.
fn highest_writable(mount: &Path, own: &Path) -> io::Result<PathBuf> {
    let mut way: Vec<&Path> = own.ancestors().take_while(|path| path.starts_with(mount)).collect();
    way.reverse();
    let writable = |path: &Path| access(path, AccessFlags::W_OK);
    let ours = |group: &&Path| writable(group).is_ok() && writable(&group.join("cgroup.procs")).is_ok();
    let found = way.into_iter().find(ours).ok_or_else(|| io::Error::from_raw_os_error(libc::EACCES))?;
    Ok(found.to_owned())
}

fn field(text: &str, key: &str) -> u64 {
    text.lines().find_map(|line| line.strip_prefix(key)?.trim().parse().ok()).unwrap_or(0)
}

/// Removes a group from the leaves up. What still runs in it is killed. The kernel needs a
/// moment to release a killed process, so this tries several times.
fn remove(directory: &Path) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
        remove(&entry.path());
    }
    let deadline = Instant::now() + TIMEOUT;
    while Instant::now() < deadline {
        match fs::remove_dir(directory) {
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) => kill_all(directory),
            _ => return,
        }
    }
}

fn kill_all(directory: &Path) {
    let processes = fs::read_to_string(directory.join("cgroup.procs")).unwrap_or_default();
    for pid in processes.lines().filter_map(|line| line.parse().ok()).filter(|pid| *pid != getpid().as_raw()) {
        // It is fine if the process has ended already.
        let _ = nix::sys::signal::kill(Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
    }
    std::thread::sleep(Duration::from_millis(1));
}

/// Removes the groups of killed checks, of killed builds, and of these containers, which are
/// given by their short ids. Returns the removed groups, and those that could not be removed.
///
/// A group whose supervisor is alive belongs to a check that runs now and stays. An ordinary
/// user cannot remove a group that belongs to root.
pub fn remove_leftovers(containers: &[String]) -> (Vec<PathBuf>, Vec<PathBuf>) {
    // Everywhere: the check may have been started in another session, and so below
    // another group.
    let (mut found, mut open) = (Vec::new(), vec![PathBuf::from(MOUNT)]);
    while let Some(directory) = open.pop() {
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        let of_galley = directory.file_name() == Some(OsStr::new("galley"));
        for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let left = match (name.strip_prefix(PREFIX), name.strip_prefix("build-")) {
                (Some(pid), _) if is_supervisor(pid) => continue,
                (Some(_), _) => true,
                (_, Some(pid)) => of_galley && !Path::new("/proc").join(pid).exists(),
                _ => of_galley && containers.contains(&name),
            };
            if left {
                remove(&entry.path());
                found.push(entry.path());
            } else {
                open.push(entry.path());
            }
        }
        if of_galley {
            // As galley does after its last container; a group in use stays (EBUSY).
            let _ = fs::remove_dir(&directory);
        }
    }
    found.into_iter().partition(|path| !path.exists())
}

/// Whether a process is a supervisor. That a process of this number exists is not enough,
/// because the kernel reuses the numbers.
fn is_supervisor(pid: &str) -> bool {
    let command = fs::read(Path::new("/proc").join(pid).join("cmdline")).unwrap_or_default();
    command.split(|byte| *byte == 0).nth(1) == Some(b"sandbox")
}
