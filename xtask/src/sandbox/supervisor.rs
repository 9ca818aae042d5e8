//! The supervisor: makes the namespaces, watches the limits, cleans up.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};
use std::{fs, io};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getegid, geteuid, pipe2, read, write};

use super::cgroup::Group;
use super::job::Job;
use super::report::Report;
use super::sandbox_init;
use super::usage::{LIMITS, Usage};
use super::user::become_user;
use crate::error::{Error, Result};

/// The exit code after a limit ended the check; timeout(1) uses the same.
const LIMIT_CODE: u8 = 124;

/// How often to look at the limits that the kernel enforces without a signal.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Runs one job in a sandbox, reports how it ended, and returns its exit code.
///
/// Must be called in a process with one thread: that is what unshare(2) demands
/// for a user namespace, and why the harness starts itself anew for each check.
pub fn supervise(job: &Job) -> Result<u8> {
    let mut report = Report::take_standard_input()?;
    match supervise_job(job, &mut report) {
        Ok(code) => {
            report.code(code);
            Ok(code)
        }
        Err(error) => {
            report.error(&error);
            Err(error)
        }
    }
}

fn supervise_job(job: &Job, report: &mut Report) -> Result<u8> {
    if let Some((user, repository)) = &job.user {
        become_user(*user, repository)?;
    }
    let group = create_group(job)?;
    let result = supervise_in(job, group.as_ref(), report);
    if let Some(group) = &group {
        group.delete();
    }
    result
}

fn supervise_in(job: &Job, group: Option<&Group>, report: &mut Report) -> Result<u8> {
    unshare_namespaces()?;
    // The end of this pipe tells that the init process is gone.
    let (ended, alive) = pipe2(OFlag::O_CLOEXEC).map_err(Error::call("pipe2"))?;
    let (sync_pipe, sync_writer) = pipe2(OFlag::O_CLOEXEC).map_err(Error::call("pipe2"))?;
    // SAFETY: this process has one thread, so the child may do what it likes.
    match unsafe { fork() }.map_err(Error::call("fork"))? {
        ForkResult::Child => {
            drop((ended, sync_writer));
            sandbox_init::run_init(job, group, &sync_pipe, alive, report)
        }
        ForkResult::Parent { child } => {
            drop((alive, sync_pipe));
            // This must be done from outside: with `nsdelegate`, as systemd mounts it, a process
            // can neither leave nor enter the tree that its cgroup namespace shows (cgroup-v2).
            if let Some(group) = group {
                group.enter(child).map_err(Error::file("enter a control group in", "/sys/fs/cgroup".as_ref()))?;
            }
            write(&sync_writer, sandbox_init::OPEN).map_err(Error::call("write"))?;
            let usage = group.map_or(Usage::Processes { init: child, limits: &job.limits }, Usage::Group);
            wait(job, child, &ended, &usage, report)
        }
    }
}

/// Makes a control group for the check, if this user is root or has a delegated group.
fn create_group(job: &Job) -> Result<Option<Group>> {
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

/// Unshares everything but the mount and the cgroup namespace. Those are for the init process
/// alone, because this one must see the host's tree to remove the control group.
fn unshare_namespaces() -> Result<()> {
    let flags =
        CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWNET;
    if geteuid().is_root() { unshare(flags).map_err(no_namespaces) } else { enter_user_namespace(flags) }
}

/// Root inside, the caller outside; see user_namespaces(7) for the order of writes.
fn enter_user_namespace(flags: CloneFlags) -> Result<()> {
    let (user, group) = (geteuid(), getegid());
    unshare(flags | CloneFlags::CLONE_NEWUSER).map_err(no_user_namespace)?;
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

fn no_namespaces(errno: Errno) -> Error {
    Error::Machine {
        lack: format!("allows root no namespaces of its own ({errno:?}), as in a container without CAP_SYS_ADMIN"),
        remedy: "work as an ordinary user, or in a virtual machine: see `cargo xtask doctor`".to_owned(),
    }
}

/// How the watch over the init process ended.
enum End {
    /// By itself.
    Own,
    /// A limit was reached: its name.
    Limit(&'static str),
    /// The harness is gone, or has closed its end of the report.
    Abandoned,
}

/// Waits for the init process, but not beyond a limit; then it is killed, and the
/// kernel kills with it whatever it started.
fn wait(job: &Job, init: Pid, ended: &OwnedFd, usage: &Usage, report: &Report) -> Result<u8> {
    let mut end = watch(job, ended, usage, report)?;
    if !matches!(end, End::Own) {
        kill(init, Signal::SIGKILL).map_err(Error::call("kill"))?;
    }
    let status = waitpid(init, None).map_err(Error::call("waitpid"))?;
    if let (End::Own, Some(limit)) = (&end, usage.reached_before_the_end()) {
        end = End::Limit(limit);
    }
    match (end, status) {
        (End::Limit(limit), _) => {
            report.limit(limit);
            Ok(LIMIT_CODE)
        }
        (_, WaitStatus::Exited(_, code)) => Ok(u8::try_from(code).unwrap_or(u8::MAX)),
        (_, WaitStatus::Signaled(_, signal, _)) => Ok(128_u8.saturating_add(signal as u8)),
        _ => Ok(u8::MAX),
    }
}

fn watch(job: &Job, ended: &OwnedFd, usage: &Usage, report: &Report) -> Result<End> {
    let deadline = Instant::now() + job.limits.time;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(End::Limit(usage.reached().unwrap_or("time")));
        }
        let timeout = PollTimeout::try_from(left.min(POLL_INTERVAL)).unwrap_or(PollTimeout::MAX);
        // No event is requested for the report: POLLERR, which says that the reader is gone, is
        // always reported.
        let mut descriptors =
            [PollFd::new(ended.as_fd(), PollFlags::POLLIN), PollFd::new(report.as_fd(), PollFlags::empty())];
        match poll(&mut descriptors, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(Error::Call { call: "poll", errno }),
        }
        let saw = |number: usize, flag| descriptors[number].revents().is_some_and(|events| events.intersects(flag));
        if saw(0, PollFlags::POLLIN | PollFlags::POLLHUP) {
            let mut name = [0; 16];
            let length = read(ended, &mut name).map_err(Error::call("read"))?;
            let limit = LIMITS.into_iter().find(|limit| limit.as_bytes() == &name[..length]);
            return Ok(limit.map_or(End::Own, End::Limit));
        }
        if saw(1, PollFlags::POLLERR) {
            return Ok(End::Abandoned);
        }
        if let Some(limit) = usage.reached() {
            return Ok(End::Limit(limit));
        }
    }
}
