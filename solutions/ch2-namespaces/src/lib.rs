//! Chapter 2: a process with its own view of the system.
//!
//! A namespace is a copy of one global thing of the kernel, for the processes
//! that are in it: the hostname, the process ids, the mounts, the network. In
//! the order of the chapter:
//!
//! 1. [`own_hostname`] leaves one namespace for a new one, with unshare(2);
//! 2. [`spawn`] starts a process in several new ones at once, with clone(2);
//! 3. [`private_mounts`] keeps its mounts from showing up elsewhere;
//! 4. [`pivot`] gives it a root and a `/proc`, and takes the old root away;
//! 5. [`loopback_up`] makes 127.0.0.1 answer in a new network;
//! 6. [`become_root`] makes all that possible without being root;
//! 7. [`init`] does what the kernel expects of process 1.
//!
//! Given: [`start`], which puts the steps together to a [`Container`], and
//! [`own_mounts`], for a program that mounts things and must leave none behind.
//!
//! See namespaces(7), and lsns(8) to look at those of your system.

mod container;
mod hostname;
mod layout;
mod mounts;
mod network;
mod process;
mod user;

pub use container::{Container, Mount, Network, Paused, Running, Source, StartError, start};
pub use hostname::own_hostname;
pub use mounts::{own_mounts, pivot, private_mounts};
pub use network::loopback_up;
pub use process::{forwarded_signals, init, spawn, wait};
pub use user::become_root;
