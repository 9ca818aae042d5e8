//! Terminals for the book: a shell in a sandbox, in which the commands of a page are run as a
//! reader would type them.
//!
//! [`programs`] has what the pages call; [`session`] is the shell. What is typed
//! there never touches this machine: the sandbox is the one that checks run in.

mod programs;
pub mod requirements;
mod session;

pub use programs::Programs;
pub use session::{News, Said, Session};
