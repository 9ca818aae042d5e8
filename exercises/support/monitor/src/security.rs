//! What protects the host from a container.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use confine::{CapSet, DEFAULT_DEVICES, DeviceGroup, Profile};
use harden::{Ids, Protection};
use nix::errno::Errno;
use nix::unistd::{Gid, Pid, Uid};
use run::User;
use serde::{Deserialize, Serialize};
use sys::Context;

use crate::error::{Error, Result};
use crate::id::cgroup_name;

/// The file beside a container's record that has its [`Security`]: `exec` starts other
/// programs under the same rules.
const FILE: &str = "security.json";

/// Which system calls are let through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Seccomp {
    /// Those of the default profile.
    #[default]
    Default,
    /// All of them.
    Unconfined,
    /// Those of a profile, by its text: the file may change while the container runs.
    Profile(String),
}

/// What protects the host from a container. The default is Docker's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Security {
    /// The capabilities that root inside has at most, as bits.
    pub capabilities: u64,
    /// Whether set-user-ID programs give nothing.
    pub no_new_privileges: bool,
    /// The system calls.
    pub seccomp: Seccomp,
    /// Nothing at all protects the host.
    pub privileged: bool,
}

impl Seccomp {
    /// Reads a profile, and checks that it is one.
    ///
    /// # Errors
    /// [`Error::Security`] with what is wrong in it.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).context("read", path)?;
        Profile::parse(&text).map_err(|error| Error::Security(format!("{}: {error}", path.display())))?;
        Ok(Self::Profile(text))
    }
}

impl Default for Security {
    fn default() -> Self {
        Self {
            capabilities: CapSet::DEFAULT.bits(),
            no_new_privileges: false,
            seccomp: Seccomp::Default,
            privileged: false,
        }
    }
}

impl Security {
    /// Changes the default as the lists say; `ALL` stands for every capability.
    ///
    /// # Errors
    /// [`Error::Security`] for a name that is not a capability.
    pub fn with_capabilities(mut self, add: &[String], drop: &[String]) -> Result<Self> {
        let set = |names: &[String]| names.join(",").parse::<CapSet>().map_err(Error::Security);
        let (add_all, drop_all) = (set(add)?, set(drop)?);
        let base = CapSet::from_bits(self.capabilities);
        // As in Docker: what is dropped and added by name is added.
        let kept = if drop_all == CapSet::ALL { add_all } else { base.union(add_all).difference(drop_all) };
        self.capabilities = kept.bits();
        Ok(self)
    }

    /// What the steps of chapter 8 apply. The files are covered once for a container, by
    /// its first process.
    pub(crate) fn protection(&self, is_first: bool) -> Result<Protection> {
        if self.privileged {
            return Ok(Protection {
                capabilities: CapSet::ALL,
                no_new_privileges: self.no_new_privileges,
                seccomp: None,
                mask_paths: false,
            });
        }
        let seccomp = match &self.seccomp {
            Seccomp::Default => Some(Profile::default_profile()),
            Seccomp::Unconfined => None,
            Seccomp::Profile(text) => Some(Profile::parse(text)),
        };
        Ok(Protection {
            capabilities: CapSet::from_bits(self.capabilities),
            no_new_privileges: self.no_new_privileges,
            seccomp: seccomp.transpose().map_err(Error::Security)?,
            mask_paths: is_first,
        })
    }

    pub(crate) fn save(&self, directory: &Path) -> Result<()> {
        let text = serde_json::to_string(self).map_err(|error| Error::Security(error.to_string()))?;
        // Written once, before the record: without one there is no container, so the power
        // may fail at any moment.
        let path = directory.join(FILE);
        Ok(fs::write(&path, text).context("write", &path)?)
    }

    /// That of a container; the default for one that was made before there was any.
    pub(crate) fn load(directory: &Path) -> Result<Self> {
        let path = directory.join(FILE);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            text => text.context("read", &path)?,
        };
        serde_json::from_slice(&text).map_err(|error| Error::Security(format!("{}: {error}", path.display())))
    }

    /// Puts the container's first process where it can open the usual devices only; `None`
    /// where nothing decides on devices, or the kernel does already.
    pub(crate) fn restrict_devices(&self, id: &str, unified: Option<&Path>, first: Pid) -> Result<Option<DeviceGroup>> {
        if self.privileged { Ok(None) } else { restrict_devices(&cgroup_name(id), unified, first) }
    }
}

/// Gives this process, inside a build's container, the default protection and these ids.
///
/// # Errors
/// Those of the steps of chapter 8.
pub fn become_build_user(uid: u32, gid: u32) -> sys::Result<()> {
    let protection = Security::default().protection(true);
    // The default profile is compiled in and can be parsed.
    let protection = protection.map_err(|_| sys::Error::new("parse the seccomp profile", Errno::EINVAL))?;
    let ids = Ids { uid: Uid::from_raw(uid), gid: Gid::from_raw(gid), groups: Vec::new() };
    harden::confine(&protection, &ids)
}

/// Lets a process, and what it starts, open the usual devices only.
///
/// In version 2 the control group with the directory `unified`, in which the process is,
/// gets a program. In version 1 a group of this name is made beside it, and returned.
/// Where none can be made, as in a container, there is none: `None`.
///
/// # Errors
/// What the kernel refuses of the rules.
pub fn restrict_devices(name: &str, unified: Option<&Path>, process: Pid) -> Result<Option<DeviceGroup>> {
    // There the kernel makes no device node for anybody.
    if sys::in_user_namespace()? {
        return Ok(None);
    }
    if let Some(path) = unified {
        harden::restrict_devices(&DeviceGroup::unified(path), DEFAULT_DEVICES)?;
        return Ok(None);
    }
    let group = match DeviceGroup::create(name) {
        Err(error) if matches!(error.errno, Errno::ENOENT | Errno::EROFS | Errno::EACCES | Errno::EPERM) => {
            return Ok(None);
        }
        group => group?,
    };
    let restricted = harden::restrict_devices(&group, DEFAULT_DEVICES).and_then(|()| group.add(process));
    match restricted {
        Ok(()) => Ok(Some(group)),
        Err(error) => {
            // The first failure is the one to report.
            let _ = group.delete();
            Err(error.into())
        }
    }
}

/// Where a control group of version 2 has its files; `None` for one of version 1.
pub fn unified_path(cgroup: &cgroups::Group) -> Option<PathBuf> {
    match cgroup.hierarchy().version {
        cgroups::Version::V1 => None,
        cgroups::Version::V2 => cgroup.paths().pop(),
    }
}

/// Puts another process where the container's own are, if that is a group for devices.
pub(crate) fn join_device_group(id: &str, process: Pid) -> Result<()> {
    match DeviceGroup::open(&cgroup_name(id)) {
        Ok(Some(group)) if !group.is_unified() => Ok(group.add(process)?),
        // Version 2's is the control group, and an ordinary user may have none.
        _ => Ok(()),
    }
}

/// Removes the group with this name, if there is one.
///
/// # Errors
/// `EBUSY` while a process is in it.
pub fn delete_device_group(name: &str) -> Result<()> {
    match DeviceGroup::open(name) {
        // Version 2's is the control group, which is removed as one.
        Ok(Some(group)) if !group.is_unified() => Ok(group.delete()?),
        // An ordinary user may have none.
        _ => Ok(()),
    }
}

/// The ids that a program runs with, as chapter 8 takes them.
pub(crate) fn ids(user: &User) -> Ids {
    let groups = user.groups.iter().chain([&user.gid]).map(|gid| Gid::from_raw(*gid)).collect();
    Ids { uid: Uid::from_raw(user.uid), gid: Gid::from_raw(user.gid), groups }
}
