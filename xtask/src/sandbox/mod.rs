//! The sandbox for one check: namespaces, a control group, a read-only root.
//!
//! A check may run code that unmounts `/proc`, forks without end or renames the host. So
//! each check gets new namespaces (without root, also a user namespace), a read-only view of
//! the files with one empty directory to write in, and limits on time, memory, processes and
//! output. Where one can be made, a control group enforces them. Three processes take part:
//!
//! - the harness reads the output, counts it, and gives up on too much of it;
//! - the *supervisor* (`xtask sandbox`, this module's [`supervise`]) makes the namespaces,
//!   watches the limits, removes the control group, and reports on a separate pipe
//!   ([`Ended`]) how the check ended; when the harness is gone, it ends everything;
//! - the *init* process is process 1 of the new pid namespace: when it ends,
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
