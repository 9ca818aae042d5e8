//! Chapter 2: a process with its own view of the system.
//!
//! A namespace is a copy of one global resource of the kernel for the processes that are
//! in it: the hostname, the process ids, the mounts, the network. In the order of the
//! chapter:
//!
//! 1. [`unshare_uts`] leaves one namespace for a new one, with unshare(2);
//! 2. [`spawn`] starts a process in several new ones at once, with clone(2);
//! 3. [`make_mounts_private`] keeps its mounts from showing up elsewhere;
//! 4. [`pivot`] gives it a root and a `/proc`, and takes the old root away;
//! 5. [`loopback_up`] makes 127.0.0.1 answer in a new network;
//! 6. [`map_root_user`] makes all that possible without being root;
//! 7. [`init`] does what the kernel expects of process 1;
//! 8. [`container_main`] does all of it in the right order, between clone and exec.
//!
//! [`create`] is the parent's side of that last step: it makes a [`Container`] whose
//! program waits to be started. [`unshare_mounts`] is for a program that mounts things
//! and must leave none of them behind.
//!
//! See namespaces(7), and lsns(8) to look at those of your system.

mod child;
mod config;
mod container;
mod hostname;
mod mounts;
mod network;
mod process;
mod user;

pub use child::container_main;
pub use config::{Container, Network};
pub use container::create;
pub use hostname::unshare_uts;
pub use mounts::{make_mounts_private, pivot, unshare_mounts};
pub use network::loopback_up;
pub use process::{forwarded_signals, init, spawn, wait};
pub use user::map_root_user;
