//! Chapter 1: a process with its own root.
//!
//! A container is a process to which the kernel shows only part of the machine. The
//! first thing that we replace is its root directory. In the order of the chapter:
//!
//! 1. [`exit_code`] puts the end of a process in one number, as a shell does;
//! 2. [`run`] starts a program and waits for its end;
//! 3. [`make_rootfs`] copies programs and what they need into a directory;
//! 4. [`enter`] makes that directory the root of the calling process;
//! 5. [`run_inside`] joins the two: a program that runs in there;
//! 6. [`break_out`] gets out again, and so shows why chapter 2 exists.
//!
//! The crate `sys` has what later chapters need as well, such as [`sys::exec`],
//! [`sys::libraries`] and the [`sys::Error`] that keeps the kernel's answer.

mod enter;
mod process;
mod rootfs;

pub use enter::{break_out, enter, run_inside};
pub use process::{exit_code, run};
pub use rootfs::make_rootfs;
