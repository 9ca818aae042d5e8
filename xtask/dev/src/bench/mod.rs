//! `cargo xtask bench`: how long things take, each beside its budget.
//!
//! [`harness`] is what a learner waits for; the rest is galley beside the programs that
//! this machine has for the same work. hyperfine(1) does the timing.

mod build;
mod harness;
mod measure;
mod run;
mod start;
mod transfer;

pub use run::run;
