//! Control groups that decide on devices.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::unistd::Pid;
use sys::{Context, Error, Result};

use crate::cgroup_device;
use crate::device_rule::DeviceRule;

/// How long the kernel may take to let go of ended processes.
const TIMEOUT: Duration = Duration::from_secs(1);

/// A control group that can decide which devices its processes open.
#[derive(Clone, Debug)]
pub struct DeviceGroup {
    path: PathBuf,
    unified: bool,
}

impl DeviceGroup {
    /// Makes a group with this name, such as `galley/0123abcd`, below the one that this
    /// process is in.
    ///
    /// # Errors
    /// `ENOENT` where nothing decides on devices, `EACCES` or `EROFS` for an ordinary user.
    pub fn create(name: &str) -> Result<Self> {
        let (top, unified) = hierarchy()?;
        let path = top.join(name);
        fs::create_dir_all(path.parent().unwrap_or(&top)).context("mkdir", &path)?;
        fs::create_dir(&path).context("mkdir", &path)?;
        Ok(Self { path, unified })
    }

    /// The group with this name, if there is one.
    ///
    /// # Errors
    /// As [`DeviceGroup::create`].
    pub fn open(name: &str) -> Result<Option<Self>> {
        let (top, unified) = hierarchy()?;
        let path = top.join(name);
        Ok(path.is_dir().then_some(Self { path, unified }))
    }

    /// A group of the second version that exists, by its directory.
    pub fn unified(path: &Path) -> Self {
        Self { path: path.to_owned(), unified: true }
    }

    /// The group's directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether this is the second version, where a program decides and no file.
    pub fn is_unified(&self) -> bool {
        self.unified
    }

    /// Moves a process into the group.
    ///
    /// # Errors
    /// `ESRCH` if the process has ended.
    pub fn add(&self, pid: Pid) -> Result<()> {
        self.write("cgroup.procs", &pid.to_string())
    }

    /// Writes a file of the group, in a single write.
    ///
    /// # Errors
    /// `EPERM` for a device that the parent group may not use; `EINVAL` for a malformed rule.
    pub fn write(&self, file: &str, text: &str) -> Result<()> {
        let path = self.path.join(file);
        // Opened without O_CREAT and O_TRUNC, as sysfs and cgroupfs expect.
        let mut opened = fs::OpenOptions::new().write(true).open(&path).context("open", &path)?;
        std::io::Write::write_all(&mut opened, text.as_bytes()).context("write", &path)
    }

    /// Reads a file of the group.
    ///
    /// # Errors
    /// `ENOENT` if the group has no such file.
    pub fn read(&self, file: &str) -> Result<String> {
        let path = self.path.join(file);
        fs::read_to_string(&path).context("read", &path)
    }

    /// Compiles the rules into a program for `BPF_PROG_TYPE_CGROUP_DEVICE`, and attaches it
    /// to this group. The second version has no file for devices.
    ///
    /// # Errors
    /// `EPERM` without `CAP_SYS_ADMIN` (or `CAP_BPF` and `CAP_NET_ADMIN`), `ENOSYS` where
    /// the kernel has no bpf(2).
    pub fn attach_program(&self, allowed: &[DeviceRule]) -> Result<()> {
        cgroup_device::attach(&self.path, allowed)
    }

    /// Removes the group, and its parent if that is empty then.
    ///
    /// # Errors
    /// `EBUSY` while a process is in it.
    pub fn delete(self) -> Result<()> {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            match fs::remove_dir(&self.path) {
                // The kernel lets go of a process a moment after its parent has waited for it.
                Err(error) if error.kind() == ErrorKind::ResourceBusy && Instant::now() < deadline => {
                    sleep(Duration::from_millis(1));
                }
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).context("rmdir", &self.path),
                _ => break,
            }
        }
        if let Some(parent) = self.path.parent() {
            // Another container's group may be in it, or its files be the hierarchy's own.
            let _ = fs::remove_dir(parent);
        }
        Ok(())
    }
}

/// The directory below which this process makes groups, and whether it is version 2's.
fn hierarchy() -> Result<(PathBuf, bool)> {
    let groups = fs::read_to_string("/proc/self/cgroup").context("read", "/proc/self/cgroup")?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").context("read", "/proc/self/mountinfo")?;
    let mount = |kind: &str, option: &str| {
        mounts.lines().rev().find_map(|line| {
            let (before, after) = line.split_once(" - ")?;
            let mut fields = before.split(' ').skip(3);
            let (root, point) = (fields.next()?, fields.next()?);
            let after: Vec<&str> = after.split(' ').collect();
            let matches = after.first() == Some(&kind)
                && (option.is_empty() || after.last()?.split(',').any(|word| word == option));
            matches.then(|| (root.to_owned(), PathBuf::from(point)))
        })
    };
    let own = |controller: &str| {
        groups.lines().find_map(|line| {
            let mut fields = line.splitn(3, ':').skip(1);
            fields.next()?.split(',').any(|name| name == controller).then(|| fields.next()).flatten()
        })
    };
    for (kind, option, unified) in [("cgroup", "devices", false), ("cgroup2", "", true)] {
        if let (Some((root, point)), Some(group)) = (mount(kind, option), own(option)) {
            // What is mounted may itself be a group, as in a container.
            let below = Path::new(group).strip_prefix(&root).or_else(|_| Path::new(group).strip_prefix("/"));
            return Ok((point.join(below.unwrap_or(Path::new(""))), unified));
        }
    }
    Err(Error::at("find", "a control group for devices", Errno::ENOENT))
}
