//! The keeper: makes the namespaces, watches the clock, cleans up.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getegid, geteuid, getpid, pipe};

use super::cgroup::Group;
use super::user::become_user;
use super::{Job, LIMIT_MARK, inner};
use crate::error::{Error, Result};

/// The exit code after a limit ended the check; timeout(1) uses the same.
const LIMIT_CODE: u8 = 124;

/// Runs one job in a sandbox and returns its exit code.
///
/// Must be called in a process with one thread: that is what unshare(2) demands
/// for a user namespace, and why the harness starts itself anew for each check.
pub fn keep(job: &Job) -> Result<u8> {
    if let Some((user, repository)) = &job.user {
        become_user(*user, repository)?;
    }
    let group = own_group(job)?;
    let result = keep_in(job, group.as_ref());
    if let Some(group) = &group {
        if let Some(limit) = group.reached() {
            eprintln!("{LIMIT_MARK}{limit}");
        }
        group.delete();
    }
    result
}

fn keep_in(job: &Job, group: Option<&Group>) -> Result<u8> {
    own_namespaces(group)?;
    // Nobody writes to this pipe: its end tells that the inner process is gone.
    let (ended, held) = pipe().map_err(Error::call("pipe"))?;
    // SAFETY: this process has one thread, so the child may do what it likes.
    match unsafe { fork() }.map_err(Error::call("fork"))? {
        ForkResult::Child => {
            drop(ended);
            inner::live(job, group.is_some(), held)
        }
        ForkResult::Parent { child } => {
            drop(held);
            wait(job, child, &ended)
        }
    }
}

/// As root, a control group for the check; nobody else may make one.
fn own_group(job: &Job) -> Result<Option<Group>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    match Group::create(&job.limits) {
        Ok(group) => Ok(Some(group)),
        // Inside a container control groups are often read-only: the limits per
        // process still hold, and chapter 3's checks say what they miss.
        Err(error) if matches!(error.raw_os_error(), Some(nix::libc::EROFS | nix::libc::EACCES | nix::libc::EPERM)) => {
            Ok(None)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::File { action: "make a control group in", path: "/sys/fs/cgroup".into(), source }),
    }
}

fn own_namespaces(group: Option<&Group>) -> Result<()> {
    // The mount namespace is the inner process's alone: this one still needs the
    // host's view, to remove the control group by its path.
    let mut flags =
        CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWNET;
    if !geteuid().is_root() {
        return own_user_namespace(flags);
    }
    if let Some(group) = group {
        // The namespace's root is the group the process is in when it is made.
        let in_group =
            |result: io::Result<()>| result.map_err(Error::file("enter a control group in", "/sys/fs/cgroup".as_ref()));
        in_group(group.enter(getpid()))?;
        flags |= CloneFlags::CLONE_NEWCGROUP;
        unshare(flags).map_err(Error::call("unshare"))?;
        return in_group(group.enter_leaf(getpid()));
    }
    unshare(flags).map_err(Error::call("unshare"))
}

/// Root inside, the caller outside; see user_namespaces(7) for the order of writes.
fn own_user_namespace(flags: CloneFlags) -> Result<()> {
    let (user, group) = (geteuid(), getegid());
    unshare(flags | CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWCGROUP).map_err(no_user_namespace)?;
    for (file, text) in [
        ("/proc/self/setgroups", "deny".to_owned()),
        ("/proc/self/uid_map", format!("0 {user} 1")),
        ("/proc/self/gid_map", format!("0 {group} 1")),
    ] {
        fs::write(file, text).map_err(|error| no_user_namespace(Errno::from_raw(error.raw_os_error().unwrap_or(0))))?;
    }
    Ok(())
}

fn no_user_namespace(errno: Errno) -> Error {
    Error::Machine {
        lack: format!("allows an ordinary user no user namespace ({errno:?})"),
        remedy: "`cargo xtask doctor` names the setting; or run the check as root".to_owned(),
    }
}

/// Waits for the inner process, but not for longer than the limit.
fn wait(job: &Job, inner: Pid, ended: &OwnedFd) -> Result<u8> {
    let deadline = Instant::now() + job.limits.time;
    let on_time = loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let mut descriptors = [PollFd::new(ended.as_fd(), PollFlags::POLLIN)];
        match poll(&mut descriptors, timeout) {
            Ok(0) if left.is_zero() => break false,
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => break true,
            Err(errno) => return Err(Error::Call { call: "poll", errno }),
        }
    };
    if !on_time {
        kill(inner, Signal::SIGKILL).map_err(Error::call("kill"))?;
        eprintln!("{LIMIT_MARK}time");
    }
    match waitpid(inner, None).map_err(Error::call("waitpid"))? {
        _ if !on_time => Ok(LIMIT_CODE),
        WaitStatus::Exited(_, code) => Ok(u8::try_from(code).unwrap_or(u8::MAX)),
        WaitStatus::Signaled(_, signal, _) => Ok(128_u8.saturating_add(signal as u8)),
        _ => Ok(u8::MAX),
    }
}
