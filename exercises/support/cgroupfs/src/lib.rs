//! Control groups as files: where they are, and version 2's file names on either version.
//!
//! [`Hierarchy`] finds where groups can be made. A [`Cgroup`] is a name below that, with
//! the files of its directories; on a machine with version 1 they are translated, so that
//! everything above needs to know one language only. [`Limits`] are what people ask for.
//!
//! See cgroups(7), and the kernel's `cgroup-v1` and `cgroup-v2` guides.

mod cgroup;
mod error;
mod files;
mod hierarchy;
mod limits;
mod v1;

pub use cgroup::Cgroup;
pub use error::{Error, Result};
pub use hierarchy::{CONTROLLERS, Hierarchy, Version};
pub use limits::{CPU_PERIOD, Limits, MIN_MEMORY, page_size, parse_cpus, parse_memory, parse_pids};
