//! The throw-away world that every check runs in.
//!
//! A check may run code that unmounts `/proc`, forks without end or renames the
//! host. So each one gets namespaces of its own (user too, when not root), a
//! read-only view of the files with one empty directory to write in, a limit on
//! time, memory, processes and output, and, as root, a control group that holds
//! all of it. Three processes take part:
//!
//! - the harness reads the output, counts it, and gives up on too much of it;
//! - the *keeper* (`xtask sandbox`, this module's [`keep`]) makes the namespaces,
//!   watches the limits, removes the control group, and says on a pipe of its own
//!   ([`Ended`]) how it ended; when the harness is gone, it ends everything;
//! - the *inner* process is process 1 of the new pid namespace: when it ends,
//!   however it ends, the kernel kills everything else in there.

mod cgroup;
mod inner;
mod keeper;
mod meter;
#[path = "../../probe/src/network.rs"]
mod network;
mod report;
mod user;

use std::path::PathBuf;
use std::time::Duration;

pub use cgroup::remove_leftovers;
pub use inner::read_only_everywhere;
pub use keeper::keep;
pub use report::Ended;

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

/// What the keeper is told through its command line.
#[derive(Clone, Debug)]
pub struct Job {
    /// The program and its arguments.
    pub command: Vec<std::ffi::OsString>,
    /// The directory to mount an empty tmpfs on.
    pub scratch: PathBuf,
    pub limits: Limits,
    /// Run it as this user, who may have no way to the repository.
    pub user: Option<(u32, PathBuf)>,
}
