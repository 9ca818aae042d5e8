//! `cargo xtask check`: grades a chapter's code against its checks.
//!
//! Reading order: [`compile`] builds the crate and its checks once, [`grade`] runs every
//! check in its own sandbox, [`status`] sums up what that means for each step, and
//! [`report`] prints it. [`judge`] connects these, and [`run`] is the command.

pub mod compile;
mod finding;
pub mod grade;
pub mod judge;
mod order;
pub mod report;
pub mod run;
pub mod status;
