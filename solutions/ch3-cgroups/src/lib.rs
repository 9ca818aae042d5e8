//! Chapter 3: a process with its own share of the machine.
//!
//! A namespace decides what a process sees; a control group decides how much it may use.
//! A group is a directory, a limit is a number in one of its files, and membership is a
//! process id in another. In the order of the chapter:
//!
//! 1. [`enable_controllers`] gives the groups below a group their files;
//! 2. [`Group::create`] makes a group, with everything above it;
//! 3. [`Group::apply`] writes the limits, and reads them back;
//! 4. [`Group::start`] puts a process in before it execs;
//! 5. [`Group::report`] tells what the limits did;
//! 6. [`Group::kill`] ends everything in the group, however fast it forks;
//! 7. [`Group::delete`] removes the group, always;
//! 8. [`Group::apply_with_crate`] sets limits with cgroups-rs, and finds out what that
//!    crate keeps to itself.
//!
//! The steps use the words of version 2: `memory.max`, `cpu.max`, `pids.max`. The crate
//! [`cgroupfs`] finds where groups may be made, and translates on a machine with version 1.
//! [`run`] puts the steps together.
//!
//! Read beside it: `man 7 cgroups`, and the kernel's `cgroup-v2` guide.

mod create;
mod end;
mod group;
mod limits;
mod run;
mod with_crate;

pub use cgroupfs::{CPU_PERIOD, Error, Hierarchy, Limits, MIN_MEMORY, Result, Version};
pub use cgroupfs::{parse_cpus, parse_memory, parse_pids};
pub use create::enable_controllers;
pub use group::Group;
pub use limits::Report;
pub use run::run;
