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
        let _ = &limits; // what you have to work with
        todo!("ch3 step 8: let a crate set them, and read them back")
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
