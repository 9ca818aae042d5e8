//! galley from end to end, as a user has it: judged by exit codes and by what the
//! kernel shows, not by galley's words.
//!
//! Each test runs with root's rights and as an ordinary user, where the kernel
//! gives an ordinary user the means. None needs a network: the container's root
//! is a directory with the probe in it.

#![allow(clippy::unwrap_used, reason = "a test that cannot be prepared must fail, and says where")]

mod life;
mod limits;
mod mounts;
mod outbound;
mod ports;
mod program;
mod security;
mod signals;
mod test_env;
