//! `cargo xtask bench`: how long things take, each beside its budget.
//!
//! [`harness`] is what a learner waits for; the rest is galley, measured in turns
//! with the programs that this machine has for the same work.

mod build;
mod compare;
mod harness;
mod run;
mod scratch;
mod start;
mod transfer;

pub use run::run;
