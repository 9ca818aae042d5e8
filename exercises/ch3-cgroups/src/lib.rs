//! Chapter 3: a process with its own share of the machine.
//!
//! A namespace decides what a process sees; a control group decides how much it
//! may use. A group is a directory, a limit is a number in one of its files, and
//! membership is a process id in another. In the order of the chapter:
//!
//! 1. [`parse_memory`] reads `64m` as people write it;
//! 2. [`Group::create`] makes a directory, and switches the controllers on for it;
//! 3. [`Group::apply`] writes the limits, and reads them back;
//! 4. [`Group::start`] puts a process in before it execs;
//! 5. [`Group::report`] sees what the limits did;
//! 6. [`Group::delete`] removes the group, whoever is still in it;
//! 7. [`Group::apply_with_crate`] sets the limits again with cgroups-rs, and finds
//!    out what that crate keeps to itself.
//!
//! The steps are written in the words of version 2: `memory.max`, `cpu.max`,
//! `pids.max`. Given: [`Group::read`] and [`Group::write`], which translate for a
//! machine with version 1 (see [`v1`]); [`Hierarchy`], which finds where groups
//! may be made; and [`run`], which puts the steps together.
//!
//! Read beside it: `man 7 cgroups`, and the kernel's `cgroup-v2` guide.

mod error;
mod group;
mod hierarchy;
mod limits;
mod run;
mod steps;
pub mod v1;
mod with_crate;

pub use error::{Error, Result};
pub use group::Group;
pub use hierarchy::{Hierarchy, Version};
pub use limits::{CPU_PERIOD, Limits, MEMORY_LEAST, page_size, parse_cpus, parse_memory, parse_pids};
pub use run::run;
pub use steps::Report;
