//! Chapter 1: a process with its own root.
//!
//! A container is a process that is told less than the truth about the system
//! it runs on. The first thing it is not told is where the root is. In the
//! order of the chapter:
//!
//! 1. [`exit_code`] puts the end of a process in one number, as a shell does;
//! 2. [`run`] starts a program and waits for that end;
//! 3. [`make_rootfs`] copies programs and what they need into a directory;
//! 4. [`enter`] makes that directory the root of the calling process;
//! 5. [`run_inside`] joins the two: a program that runs in there;
//! 6. [`break_out`] gets out again, and so shows why chapter 2 exists.
//!
//! Given, because later chapters use them too: [`exec`], [`exec_failure_code`],
//! [`exit_now`], [`libraries`], [`resolve`] and the [`Error`] that keeps the
//! kernel's answer.

mod enter;
mod files;
mod process;
mod rootfs;

pub use enter::{break_out, enter, run_inside};
pub use files::{Resolved, libraries, resolve};
pub use process::{exec, exec_failure_code, exit_code, exit_now, run};
pub use rootfs::make_rootfs;
pub use sys::{Error, Result};
