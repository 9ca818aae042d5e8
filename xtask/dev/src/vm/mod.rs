//! `cargo xtask vm -- COMMAND`: a command in a throw-away machine with unified
//! control groups, for hosts that have version 1 or none to give.
//!
//! The machine has Debian's cloud kernel and this machine's files. What the
//! command sees as `/` is an overlay: below it the host's root, read-only, above
//! it memory, so that nothing the command does outlives it. Three parts:
//!
//! - [`kernel`] fetches the kernel once and keeps it in `target/vm`;
//! - [`initramfs`] writes the first file system, whose script mounts the rest;
//! - [`emulator`] starts the file server and the emulator, and copies what comes
//!   out of them.

mod emulator;
mod initramfs;
mod kernel;
mod programs;
mod run;

pub use run::run;
