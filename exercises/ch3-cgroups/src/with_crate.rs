//! Step 7: the same limits through the crate cgroups-rs.

use std::collections::HashMap;

use cgroups_rs::Cgroup;
use cgroups_rs::hierarchies::{UNIFIED_MOUNTPOINT, V1, V2};

use crate::{Error, Group, Limits, Result, Version};

impl Group {
    /// Writes the limits with cgroups-rs, then reads each one back by hand.
    ///
    /// The crate drops the kernel's answer to a memory limit, and passes over a
    /// controller that the machine lacks; only what is read back is in force.
    /// It counts in signed numbers, and for it -1 means no limit.
    ///
    /// # Errors
    /// [`Error::Limit`] for a number that the crate cannot hold; [`Error::Crate`]
    /// for what it reports; [`Error::NotKept`] and [`Error::NoController`] for what
    /// it does not.
    pub fn apply_with_crate(&self, limits: &Limits) -> Result<()> {
        // ANCHOR: apply_with_crate
        let _ = &limits; // what you have to work with
        todo!("ch3 step 7: let a crate set them, and read them back")
        // ANCHOR_END: apply_with_crate
    }

    /// The crate's handle for this group. Given, because the crate must be told
    /// the version: its `V2` takes any directory at `/sys/fs/cgroup` for one.
    ///
    /// # Errors
    /// [`Error::NotMounted`] if version 2 is mounted where the crate does not look.
    pub fn loaded(&self) -> Result<Cgroup> {
        let roots = &self.hierarchy().roots;
        match self.hierarchy().version {
            Version::V1 => {
                let below = |path: &std::path::Path| path.to_string_lossy().into_owned();
                let own: HashMap<String, String> = roots
                    .iter()
                    .filter_map(|root| {
                        Some((root.controller.to_owned(), below(root.path.strip_prefix(&root.mount).ok()?)))
                    })
                    .collect();
                Ok(Cgroup::load_with_relative_paths(Box::new(V1::new()), self.name(), own))
            }
            Version::V2 => {
                let path = self.paths().pop().unwrap_or_default();
                let below = path.strip_prefix(UNIFIED_MOUNTPOINT);
                let below = below.map_err(|_| Error::NotMounted { controller: "memory" })?;
                Ok(Cgroup::load(Box::new(V2::new()), below))
            }
        }
    }
}
