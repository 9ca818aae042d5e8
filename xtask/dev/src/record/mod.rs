//! `cargo xtask book record`: what the book's pages show of terminals, run again.
//!
//! A page's blocks are played in order, in one sandbox ([`page`]), and the reports of
//! checks are those of the stored solutions that they name ([`reports`]). Then [`run`]
//! writes the page anew; or, with `--check`, compares it ([`normalize`], [`diff`]).

mod diff;
mod normalize;
mod page;
pub mod reports;
mod run;
mod summary;

pub use run::{Request, check_dates, check_terminals, run};
