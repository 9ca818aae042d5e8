//! What makes chapter 6 a runtime: the monitor of each container, and what it needs.
//!
//! There is no daemon. [`run_attached`] and [`run_detached`] end in the same
//! `Monitor::run`, which is the conversation that the whole workbook is about: read it
//! first. [`Containers`] has the records, [`Settings`] what the user wants, and
//! [`exec`] and [`logs`] work on a container that runs.

mod containers;
mod error;
mod etc_files;
mod exec;
mod helper;
mod id;
mod logs;
mod monitor;
mod port_range;
mod program;
mod report;
mod security;
mod settings;
mod start;
mod tap;
mod terminal;
mod tmpfs;
mod tty_proxy;
mod userspace_net;
mod volume;

pub use confine::DeviceGroup;
pub use containers::{Containers, Listing};
pub use error::{Error, Result};
pub use exec::{Exec, exec};
pub use id::short;
pub use logs::logs;
pub use port_range::parse_ports;
pub use security::{Seccomp, Security, become_build_user, delete_device_group, restrict_devices, unified_path};
pub use settings::{Network, Root, Settings};
pub use start::{run_attached, run_detached};
pub use tmpfs::Tmpfs;
pub use userspace_net::NetHelper;
pub use volume::Volume;
