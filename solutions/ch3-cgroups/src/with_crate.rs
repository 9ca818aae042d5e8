//! Step 8: the same limits through the crate cgroups-rs.

use std::collections::HashMap;

use cgroupfs::{Error, Limits, Result, Version};
use cgroups_rs::Cgroup;
use cgroups_rs::hierarchies::{UNIFIED_MOUNTPOINT, V1, V2};

use crate::Group;

impl Group {
    /// Sets the limits with the controllers of cgroups-rs (`MemController`,
    /// `CpuController`, `PidController`; `Cgroup::controller_of` gives them), and asks
    /// each of them what the kernel holds now.
    ///
    /// The crate counts in signed numbers, and for it -1 means no limit, so a number that
    /// is too large must be refused. Its shortcut `Cgroup::apply` drops the kernel's
    /// answer to a memory limit, and skips a controller that the machine lacks. Its
    /// `memory_stat` gives 0 for a file that cannot be read. A limit that is `None` is
    /// left alone.
    ///
    /// # Errors
    /// [`Error::Limit`] for a number that the crate cannot hold, [`Error::NotMounted`] for
    /// a controller that it does not find, [`Error::Crate`] for what it reports, and
    /// [`Error::LimitMismatch`] for what it does not.
    pub fn apply_with_crate(&self, limits: &Limits) -> Result<()> {
        // ANCHOR: apply_with_crate
        use cgroupfs::{CPU_PERIOD, page_size};
        use cgroups_rs::MaxValue;
        use cgroups_rs::cpu::CpuController;
        use cgroups_rs::memory::MemController;
        use cgroups_rs::pid::PidController;

        let signed = |number: u64| {
            let why = "cgroups-rs has 63 bits for it";
            i64::try_from(number).map_err(|_| Error::Limit { text: number.to_string(), why })
        };
        let reported = |error: cgroups_rs::error::Error| Error::Crate(error.to_string());
        fn compare<T: PartialEq + ToString>(file: &'static str, written: T, held: T) -> Result<()> {
            let mismatch = || Error::LimitMismatch { file, written: written.to_string(), held: held.to_string() };
            if written == held { Ok(()) } else { Err(mismatch()) }
        }

        let group = self.load_with_crate()?;
        if let Some(bytes) = limits.memory {
            let memory: &MemController = group.controller_of().ok_or(Error::NotMounted { controller: "memory" })?;
            memory.set_limit(signed(bytes)?).map_err(reported)?;
            compare("memory.max", signed(bytes / page_size()? * page_size()?)?, memory.memory_stat().limit_in_bytes)?;
        }
        if let Some(quota) = limits.quota() {
            let cpu: &CpuController = group.controller_of().ok_or(Error::NotMounted { controller: "cpu" })?;
            cpu.set_cfs_quota_and_period(Some(signed(quota)?), Some(CPU_PERIOD)).map_err(reported)?;
            compare("cpu.max", signed(quota)?, cpu.cfs_quota().map_err(reported)?)?;
        }
        if let Some(number) = limits.pids {
            let pids: &PidController = group.controller_of().ok_or(Error::NotMounted { controller: "pids" })?;
            let number = MaxValue::Value(signed(number)?);
            pids.set_pid_max(number).map_err(reported)?;
            compare("pids.max", number, pids.get_pid_max().map_err(reported)?)?;
        }
        Ok(())
        // ANCHOR_END: apply_with_crate
    }

    /// The crate's handle for this group. Given, because the crate must be told the
    /// version: its `V2` takes any directory at `/sys/fs/cgroup` for one.
    ///
    /// # Errors
    /// [`Error::NotMounted`] if version 2 is mounted where the crate does not look.
    pub fn load_with_crate(&self) -> Result<Cgroup> {
        let roots = &self.hierarchy().roots;
        match self.hierarchy().version {
            Version::V1 => {
                let relative: HashMap<String, String> = roots
                    .iter()
                    .filter_map(|root| {
                        let path = root.path.strip_prefix(&root.mount).ok()?;
                        Some((root.controller.to_owned(), path.to_string_lossy().into_owned()))
                    })
                    .collect();
                Ok(Cgroup::load_with_relative_paths(Box::new(V1::new()), self.name(), relative))
            }
            Version::V2 => {
                let path = self.paths().pop().unwrap_or_default();
                let relative = path.strip_prefix(UNIFIED_MOUNTPOINT);
                let relative = relative.map_err(|_| Error::NotMounted { controller: "memory" })?;
                Ok(Cgroup::load(Box::new(V2::new()), relative))
            }
        }
    }
}
