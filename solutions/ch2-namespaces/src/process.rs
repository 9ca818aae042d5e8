//! Steps 2 and 7: a process in new namespaces, and the duties of the first one.

use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use sys::{Context, Result};

/// Starts a child in new `namespaces` and gives its process id, as the caller sees it.
/// The child runs `child` and ends with the code that it returns.
///
/// clone(2) makes the child a member of the new namespaces from its first instruction on.
/// unshare(2) is not enough for process ids: a process keeps its id for life, and only its
/// children would be in the new pid namespace. The first child of that namespace is its
/// process 1.
///
/// The child has a copy of our memory and runs on a separate stack. At its end the parent
/// gets SIGCHLD, without which waitpid(2) would not wait for it.
///
/// Call it from a process with one thread.
///
/// # Errors
/// `EPERM` without `CAP_SYS_ADMIN`, `ENOSPC` at a limit in
/// `/proc/sys/user/max_*_namespaces`. See clone(2), pid_namespaces(7).
pub fn spawn(namespaces: CloneFlags, child: impl FnMut() -> u8) -> Result<Pid> {
    // ANCHOR: spawn
    let mut child = child;
    // Memory is copied on write, so only the pages that the child touches count.
    let mut stack = vec![0; 1 << 20];
    let body = Box::new(|| isize::from(child()));
    // SAFETY: without CLONE_VM the child has a copy of the stack and of everything else,
    // and this process has one thread, so no lock is held.
    unsafe { nix::sched::clone(body, &mut stack, namespaces, Some(Signal::SIGCHLD as i32)) }.call("clone")
    // ANCHOR_END: spawn
}

/// Waits for the end of a child; gives its exit code, 128 + n after signal n.
///
/// # Errors
/// `ECHILD` if it is not a child, or was waited for already.
pub fn wait(child: Pid) -> Result<u8> {
    loop {
        match waitpid(child, None) {
            Err(Errno::EINTR) => {}
            status => return status.call("waitpid").map(chroot::exit_code),
        }
    }
}

/// The signals that [`init`] forwards, and SIGCHLD, for which it waits.
///
/// Not among them: SIGKILL and SIGSTOP, which nobody can catch, and those that report a
/// fault of the process itself, such as SIGSEGV.
pub fn forwarded_signals() -> SigSet {
    use Signal::*;
    let excluded = [SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS, SIGTTIN, SIGTTOU];
    Signal::iterator().filter(|signal| !excluded.contains(signal)).collect()
}

/// Does the two duties of process 1 until `child` ends, and gives its exit code.
///
/// *Reaping*: a process whose parent has ended becomes a child of process 1. When it ends
/// too, it stays in the process table as a zombie until process 1 has waited for it.
///
/// *Forwarding*: the kernel drops every signal for which process 1 has no handler, so that
/// nobody ends a pid namespace by accident. A SIGTERM for the container must be received
/// and sent on to `child`, or nothing happens.
///
/// A blocked signal waits instead of being dropped, and sigwait(3) takes it, so no handler
/// is needed. The caller should block [`forwarded_signals`] before it starts `child`, so
/// that none is lost in between.
///
/// # Errors
/// Those of waitpid(2), kill(2) and sigwait(3). See pid_namespaces(7), "The namespace init
/// process".
pub fn init(child: Pid) -> Result<u8> {
    // ANCHOR: init
    use nix::sys::signal::kill;
    use nix::sys::wait::{WaitPidFlag, WaitStatus};

    let signals = forwarded_signals();
    signals.thread_block().call("sigprocmask")?;
    loop {
        // One SIGCHLD can stand for several ends, so wait until none is left. And look
        // before sleeping: the child may have ended already.
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => break,
                Ok(status) if status.pid() == Some(child) => return Ok(chroot::exit_code(status)),
                // An orphan, or one that ended by a signal for which nix has no name.
                Ok(_) | Err(Errno::EINTR | Errno::EINVAL) => {}
                Err(errno) => return Err(errno).call("waitpid"),
            }
        }
        match signals.wait().call("sigwait")? {
            Signal::SIGCHLD => {}
            // ESRCH: it ended just now, and the next round will see that.
            signal => match kill(child, signal) {
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(errno) => return Err(errno).call("kill"),
            },
        }
    }
    // ANCHOR_END: init
}
