//! The parent's side of a container, and its process 1 if the program is not that.

use std::io::Write;
use std::os::unix::net::UnixStream;

use nix::errno::Errno;
use nix::sched::CloneFlags;
use sys::{Context, Created, Result, StartError};

use crate::child::container_main;
use crate::config::{Container, Network};
use crate::process::{forwarded_signals, init, spawn};

/// Makes a process in new namespaces that waits until [`Created::start`]. Meanwhile the
/// caller does what must be done from outside: it puts the process into a cgroup, or
/// connects its network.
///
/// Once started, it builds the container around itself ([`container_main`]) and calls
/// `process`, which becomes the program and returns only if that fails, with the reason.
///
/// Call it from a process with one thread.
///
/// # Errors
/// Those of [`spawn`] and socketpair(2).
pub fn create<E: Into<StartError>>(container: &Container, process: impl FnOnce() -> E) -> Result<Created> {
    let mut namespaces =
        CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWIPC;
    if container.network == Network::Private {
        namespaces |= CloneFlags::CLONE_NEWNET;
    }
    let (ours, theirs) = UnixStream::pair().call("socketpair")?;
    // The child takes from its copy of our memory; these stay as they are in the parent.
    let (mut kept, mut theirs) = (Some(ours), Some((theirs, process)));
    let pid = spawn(namespaces, || {
        // Two processes hold our end now. Unless the child closes its copy, it would
        // never see that we are gone.
        drop(kept.take());
        theirs.take().map_or(125, |(sync_pipe, process)| run_child(container, sync_pipe, process))
    })?;
    kept.map(|sync_pipe| Created::new(pid, sync_pipe)).ok_or(Errno::ENOTCONN).call("socketpair")
}

/// The child, from its first instruction to the program's. The pipe also carries the
/// error, if there is one; the exec closes it.
fn run_child<E: Into<StartError>>(container: &Container, mut sync_pipe: UnixStream, process: impl FnOnce() -> E) -> u8 {
    if let Err(error) = container_main(container, &mut sync_pipe) {
        return report(sync_pipe, error);
    }
    if !container.init {
        return report(sync_pipe, process());
    }
    run_init(sync_pipe, process).unwrap_or_else(|error| {
        eprintln!("galley: {error}");
        error.code
    })
}

/// Stays process 1 and starts the program as its child.
fn run_init<E: Into<StartError>>(
    sync_pipe: UnixStream,
    process: impl FnOnce() -> E,
) -> std::result::Result<u8, StartError> {
    // Before the fork, so that no signal is lost; exec unblocks them again.
    forwarded_signals().thread_block().call("sigprocmask")?;
    let mut program = Some((sync_pipe, process));
    let child = sys::fork(|| program.take().map_or(125, |(sync_pipe, process)| report(sync_pipe, process())))?;
    // This process never execs, so what it inherited would stay open as long as the
    // container lives. The pipe is among it: the parent waits for its end.
    // SAFETY: from here to its end, this process uses numbers and signals only.
    unsafe { sys::close_from(3)? };
    std::mem::forget(program);
    Ok(init(child)?)
}

/// Tells the parent why there is no program; gives the exit code.
fn report(mut sync_pipe: UnixStream, error: impl Into<StartError>) -> u8 {
    let error = error.into();
    // A parent that is gone does not need the message.
    let _ = sync_pipe.write_all(&error.to_bytes());
    error.code
}
