//! The kernel's interfaces that every chapter uses and none teaches.
//!
//! [`Error`] keeps what a failed call was, on which file, and the kernel's answer;
//! [`Context`] adds the first two to a bare errno. [`PidFd`] is a process by descriptor;
//! [`read_accounts`] and [`read_groups`] know the users of an image.

mod accounts;
mod error;
mod hint;
mod pidfd;
mod process;

pub use accounts::{Account, Group, parse_id, read_accounts, read_groups};
pub use error::{Context, Error, Result};
pub use pidfd::PidFd;
pub use process::{die_with_parent, set_cloexec_from};
