//! Steps 2 and 7: a process in new namespaces, and the duties of the first one.

use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use sys::{Error, Result};

/// Starts a child in new `namespaces` and gives its process id, as the caller
/// sees it. The child runs `child` and ends with the code that it returns.
///
/// clone(2) makes the child a member of the new namespaces from its first
/// instruction on. With unshare(2) that would not do for process ids: a process
/// keeps the id that it has, and only its children would be in the new pid
/// namespace. The first child of that namespace is its process 1.
///
/// The child has a copy of our memory and runs on a stack of its own. At its end
/// the parent is sent SIGCHLD, without which waitpid(2) would not wait for it.
///
/// Call it from a process with one thread. `EPERM` needs root, `ENOSPC` says that
/// `/proc/sys/user/max_*_namespaces` is reached. See clone(2), pid_namespaces(7).
pub fn spawn(namespaces: CloneFlags, child: impl FnMut() -> u8) -> Result<Pid> {
    // ANCHOR: spawn
    let mut child = child;
    // The memory is copied on write, so only the pages that the child touches count.
    let mut stack = vec![0; 1 << 20];
    let body = Box::new(|| isize::from(child()));
    // SAFETY: without CLONE_VM the child has its own copy of the stack and of
    // everything else; and this process has one thread, so no lock is held.
    unsafe { nix::sched::clone(body, &mut stack, namespaces, Some(Signal::SIGCHLD as i32)) }
        .map_err(|errno| Error::new("clone", errno))
    // ANCHOR_END: spawn
}

/// Waits for the end of a child; gives its exit code, 128+n after a signal.
pub fn wait(child: Pid) -> Result<u8> {
    loop {
        match waitpid(child, None) {
            Err(Errno::EINTR) => {}
            Ok(status) => return Ok(chroot::exit_code(status)),
            Err(errno) => return Err(Error::new("waitpid", errno)),
        }
    }
}

/// The signals that [`init`] passes on, and SIGCHLD, which it waits for.
///
/// Not among them: SIGKILL and SIGSTOP, which nobody can catch, and the faults
/// of a process itself, such as SIGSEGV.
pub fn forwarded_signals() -> SigSet {
    use Signal::*;
    let own = [SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS, SIGTTIN, SIGTTOU];
    Signal::iterator().filter(|signal| !own.contains(signal)).collect()
}

/// Does the two duties of process 1 until `child` ends, and gives its exit code.
///
/// *Reaping*: a process whose parent has ended becomes a child of process 1.
/// When it ends too, it stays in the process table as a zombie until process 1
/// has waited for it.
///
/// *Forwarding*: the kernel drops every signal that process 1 has no handler
/// for, so that nobody ends a pid namespace by accident. A SIGTERM for the
/// container must be received and handed to `child`, or nothing happens.
///
/// A blocked signal waits instead of being dropped, and sigwait(3) takes it: no
/// handler is needed. The caller has best blocked [`forwarded_signals`] before
/// `child` was started, so that none is lost in between.
///
/// See pid_namespaces(7), "The namespace init process"; sigwait(3).
pub fn init(child: Pid) -> Result<u8> {
    // ANCHOR: init
    use nix::sys::signal::kill;
    use nix::sys::wait::{WaitPidFlag, WaitStatus};

    let signals = forwarded_signals();
    signals.thread_block().map_err(|errno| Error::new("sigprocmask", errno))?;
    loop {
        // One SIGCHLD may stand for several ends, so wait until there is none
        // left. And look before waiting: the child may have ended already.
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => break,
                Ok(status) if status.pid() == Some(child) => return Ok(chroot::exit_code(status)),
                // An orphan; or one ended by a signal that nix has no name for.
                Ok(_) | Err(Errno::EINTR | Errno::EINVAL) => {}
                Err(errno) => return Err(Error::new("waitpid", errno)),
            }
        }
        match signals.wait() {
            Ok(Signal::SIGCHLD) => {}
            // ESRCH: it ended just now, and the next round will see that.
            Ok(signal) => match kill(child, signal) {
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(errno) => return Err(Error::new("kill", errno)),
            },
            Err(errno) => return Err(Error::new("sigwait", errno)),
        }
    }
    // ANCHOR_END: init
}
