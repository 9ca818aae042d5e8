//! The kernel's interfaces that every chapter uses and none teaches.
//!
//! [`Error`] keeps what a failed call was, on which file, and the kernel's answer;
//! [`Context`] adds the first two to a bare errno. The rest, by noun:
//!
//! | | |
//! | --- | --- |
//! | programs | [`exec`], [`fork`], [`Created`], [`exit_now`], [`libraries`] |
//! | processes | [`PidFd`], [`die_with_parent`], [`set_cloexec_from`] |
//! | paths | [`resolve`], [`join_root`] |
//! | files | [`Temporary`], [`replace_file`], [`lock`] |
//! | users | [`read_accounts`], [`read_groups`], [`in_user_namespace`] |
//! | mounts, networks | [`read_mountinfo`], [`interface_flags`] |
//! | amounts | [`parse_size`], [`format_size`] |

mod accounts;
mod created;
mod elf;
mod error;
mod exec;
mod hint;
mod interface;
mod lock;
mod mountinfo;
mod pidfd;
mod process;
mod resolve;
mod size;
mod temporary;
mod user_namespace;

pub use accounts::{Account, Group, parse_id, read_accounts, read_groups};
pub use created::Created;
pub use elf::libraries;
pub use error::{Context, Error, Result};
pub use exec::{DEFAULT_PATH, ExecError, StartError, c_strings, exec, exit_now, fork};
pub use interface::{interface_flags, set_interface_flags};
pub use lock::{lock, try_lock};
pub use mountinfo::{MountPoint, read_mountinfo};
pub use pidfd::PidFd;
pub use process::{close_from, die_with_parent, ignore_keyboard_signals, set_cloexec_from};
pub use resolve::{Resolved, join_root, resolve};
pub use size::{format_size, parse_size};
pub use temporary::{Temporary, replace_file, replace_file_from, sync_parent};
pub use user_namespace::{in_user_namespace, is_mapped};
