//! The harness that a learner compiles: `cargo xtask check`, `hint`, `start`, `galley` and the rest.
//!
//! Where to start reading: [`cli`] has the commands, [`repo`] knows where things are, and
//! [`check`] grades. What only builds, tests and records the workbook is in `xtask/dev`,
//! which uses these modules and is compiled only when one of its commands is called.

mod arguments;
pub mod assembly;
pub mod backup;
pub mod cargo;
pub mod check;
pub mod check_integrity;
pub mod clean;
pub mod cli;
pub mod color;
mod doctor;
pub mod error;
pub mod files;
pub mod galley;
mod hint;
mod list;
pub mod packages;
pub mod progress;
mod progress_link;
pub mod repo;
pub mod sandbox;
pub mod starter;
pub mod tools;
mod watch;
mod workspace;
