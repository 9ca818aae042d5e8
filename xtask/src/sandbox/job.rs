//! What runs in a sandbox, and what it may use.

use std::path::PathBuf;
use std::time::Duration;

/// What one check may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Wall-clock time before everything inside is killed.
    pub time: Duration,
    /// Bytes of memory; enforced by a control group, or per process without one.
    pub memory: u64,
    /// Processes and threads.
    pub processes: u64,
    /// Bytes of output; enforced by the harness, which reads it.
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { time: Duration::from_secs(20), memory: 1 << 30, processes: 512, output: 1 << 20 }
    }
}

/// The directory, below `target/`, that is an empty tmpfs inside the sandbox.
pub const SCRATCH: &str = "check/scratch";

/// The command line of the supervisor.
#[derive(Clone, Debug)]
pub struct Job {
    /// The program and its arguments.
    pub command: Vec<std::ffi::OsString>,
    /// The directory to mount an empty tmpfs on.
    pub scratch: PathBuf,
    pub limits: Limits,
    /// Run it as this user, who may not be able to reach the repository without help.
    pub user: Option<(u32, PathBuf)>,
}
