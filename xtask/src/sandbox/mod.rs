//! The throw-away world that every check runs in.
//!
//! A check may run code that unmounts `/proc`, forks without end or renames the
//! host. So each one gets namespaces of its own (user too, when not root), a
//! read-only view of the files with one empty directory to write in, a limit on
//! time, memory, processes and output, and, as root, a control group that holds
//! all of it. Three processes take part:
//!
//! - the harness reads the output, counts it, and gives up on too much of it;
//! - the *keeper* (`xtask sandbox`, this module's [`supervise`]) makes the namespaces,
//!   watches the limits, removes the control group, and says on a pipe of its own
//!   ([`Ended`]) how it ended; when the harness is gone, it ends everything;
//! - the *inner* process is process 1 of the new pid namespace: when it ends,
//!   however it ends, the kernel kills everything else in there.

mod cgroup;
mod job;
#[path = "../../probe/src/network.rs"]
mod network;
mod report;
mod sandbox_init;
mod supervisor;
mod usage;
mod user;

pub use cgroup::remove_leftovers;
pub use job::{Job, Limits, SCRATCH};
pub use report::Ended;
pub use sandbox_init::read_only_everywhere;
pub use supervisor::supervise;
