//! The init process: process 1 of the sandbox.

use std::convert::Infallible;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, exit};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, read, setsid, write};

use super::cgroup::Group;
use super::job::{Job, Limits};
use super::network::Interface;
use super::report::Report;
use super::usage::Usage;
use crate::error::{Error, Result};

/// The largest file that a check may write, in bytes.
const MAX_FILE_SIZE: u64 = 2 << 30;

/// What the supervisor writes to the pipe once the control group holds this process.
pub const OPEN: &[u8] = b"open";

/// Prepares the sandbox, runs the job in it, and ends the process.
///
/// It begins when the supervisor writes to `sync_pipe`. `alive` is a pipe to the supervisor, which
/// closes when this process ends; a limit that is noticed only at the end is named on it.
pub fn run_init(job: &Job, group: Option<&Group>, sync_pipe: &OwnedFd, alive: OwnedFd, report: &mut Report) -> ! {
    let code = match enter(group, sync_pipe).and_then(|()| run(job, group.is_some(), &alive, report)) {
        Ok(code) => code,
        Err(error) => {
            report.error(&error);
            error.code()
        }
    };
    drop(alive);
    exit(i32::from(code))
}

/// Waits until this process is in its control group, and makes that the root of what it sees.
fn enter(group: Option<&Group>, sync_pipe: &OwnedFd) -> Result<()> {
    // If the supervisor is killed, this must not survive it.
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(Error::call("prctl"))?;
    let mut word = [0; OPEN.len()];
    if read(sync_pipe, &mut word).map_err(Error::call("read"))? != OPEN.len() {
        return Err(Error::Failed("the supervisor of the sandbox ended before its check began".to_owned()));
    }
    unshare(CloneFlags::CLONE_NEWCGROUP).map_err(Error::call("unshare"))?;
    let leaf = group.map_or(Ok(()), |group| group.enter_leaf(getpid()));
    leaf.map_err(Error::file("enter a control group in", "/sys/fs/cgroup".as_ref()))
}

fn run(job: &Job, cgroups: bool, alive: &OwnedFd, report: &mut Report) -> Result<u8> {
    // kill(0, …) reaches the whole process group, in other pid namespaces too.
    setsid().map_err(Error::call("setsid"))?;
    set_up_mounts(&job.scratch, job.limits.memory / 2, cgroups)?;
    let loopback = Interface::new("lo").and_then(|mut interface| interface.bring_up());
    loopback.map_err(Error::file("bring up", "lo".as_ref()))?;
    limit(&job.limits, cgroups)?;
    // SAFETY: this process has one thread.
    match unsafe { fork() }.map_err(Error::call("fork"))? {
        ForkResult::Child => match start(job) {
            Ok(never) => match never {},
            Err(error) => {
                report.error(&error);
                exit(i32::from(error.code()))
            }
        },
        ForkResult::Parent { child } => {
            // What is inside could open this process's descriptors through /proc.
            report.close()?;
            let code = reap(child)?;
            let usage = Usage::Processes { init: getpid(), limits: &job.limits };
            if let Some(limit) = usage.reached().filter(|_| !cgroups) {
                // A fork bomb may have ended by itself between two looks of the supervisor.
                write(alive, limit.as_bytes()).map_err(Error::call("write"))?;
            }
            Ok(code)
        }
    }
}

fn start(job: &Job) -> Result<Infallible> {
    reset_signals()?;
    let program = job.command.first().ok_or_else(|| Error::Usage("nothing to run in the sandbox".to_owned()))?;
    let fault = Command::new(program).args(&job.command[1..]).env("TMPDIR", &job.scratch).exec();
    Err(Error::Program {
        program: program.to_string_lossy().into_owned(),
        fault: format!("could not be started: {fault}"),
    })
}

/// Resets every signal to its default. Whatever started the harness may have ignored some, as
/// a shell does for a background job, and exec keeps that.
fn reset_signals() -> Result<()> {
    for signal in Signal::iterator().filter(|signal| !matches!(signal, Signal::SIGKILL | Signal::SIGSTOP)) {
        // SAFETY: no handler is installed, only the default action restored.
        unsafe { sigaction(signal, &SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty())) }
            .map_err(Error::call("sigaction"))?;
    }
    SigSet::empty().thread_set_mask().map_err(Error::call("sigprocmask"))
}

/// Reaps every child that ends, and returns once `child` has ended.
fn reap(child: Pid) -> Result<u8> {
    loop {
        match waitpid(None, None) {
            Ok(WaitStatus::Exited(pid, code)) if pid == child => return Ok(u8::try_from(code).unwrap_or(u8::MAX)),
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == child => return Ok(128_u8.saturating_add(signal as u8)),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(Error::Call { call: "waitpid", errno }),
        }
    }
}

/// Makes all mounts private and read-only, and mounts a fresh `/proc`, an empty directory to
/// write in, and control groups as seen from the check's own group.
fn set_up_mounts(scratch: &Path, most: u64, cgroups: bool) -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNS).map_err(Error::call("unshare"))?;
    change("/", MsFlags::MS_REC | MsFlags::MS_PRIVATE)?;
    read_only_everywhere()?;
    // Otherwise unmounting the new one would show the host's processes again. In a user
    // namespace the kernel refuses (EINVAL), and the old one is only covered.
    let _ = umount2("/proc", MntFlags::MNT_DETACH);
    new("proc", Path::new("/proc"), "proc", "")?;
    new("tmpfs", scratch, "tmpfs", &format!("mode=1777,size={most},nr_inodes=200k"))?;
    if cgroups {
        mount_cgroups()?;
    }
    Ok(())
}

fn change(path: &str, flags: MsFlags) -> Result<()> {
    mount(None::<&str>, path, None::<&str>, flags, None::<&str>).map_err(Error::call("mount"))
}

fn new(source: &str, target: &Path, kind: &str, options: &str) -> Result<()> {
    mount(Some(source), target, Some(kind), MsFlags::empty(), Some(options)).map_err(|errno| Error::File {
        action: "mount on",
        path: target.to_owned(),
        source: errno.into(),
    })
}

/// mount_setattr(2) with AT_RECURSIVE: one call for every mount there is. Device
/// nodes and sockets can be used as before; only changes to files are refused.
pub fn read_only_everywhere() -> Result<()> {
    #[repr(C)]
    struct MountAttributes {
        set: u64,
        clear: u64,
        propagation: u64,
        user_namespace: u64,
    }
    const RDONLY: u64 = 1;
    const RECURSIVE: nix::libc::c_int = 0x8000;
    let attributes = MountAttributes { set: RDONLY, clear: 0, propagation: 0, user_namespace: 0 };
    // SAFETY: the path is a C string, the structure has the layout and size that
    // mount_setattr(2) documents, and both outlive the call.
    let result = unsafe {
        nix::libc::syscall(
            nix::libc::SYS_mount_setattr,
            nix::libc::AT_FDCWD,
            c"/".as_ptr(),
            RECURSIVE,
            &attributes,
            size_of::<MountAttributes>(),
        )
    };
    Errno::result(result).map(drop).map_err(|errno| match errno {
        Errno::ENOSYS => Error::Machine {
            lack: "has a kernel without mount_setattr(2)".to_owned(),
            remedy: "Linux 5.12 or later has it".to_owned(),
        },
        errno => Error::Call { call: "mount_setattr", errno },
    })
}

/// Mounts each hierarchy again. Inside the cgroup namespace, the root of a new mount is the
/// check's own group, and it is writable. The old mount must go first, because the kernel
/// refuses to mount a file system on top of itself (EBUSY).
fn mount_cgroups() -> Result<()> {
    let mounts =
        fs::read_to_string("/proc/self/mountinfo").map_err(Error::file("read", Path::new("/proc/self/mountinfo")))?;
    for line in mounts.lines() {
        let Some((before, after)) = line.split_once(" - ") else { continue };
        let (Some(point), mut after) = (before.split(' ').nth(4), after.split(' ')) else { continue };
        let (kind, options) = match (after.next(), after.nth(1)) {
            (Some("cgroup2"), _) => ("cgroup2", String::new()),
            // The super block's options name the controllers; `rw` is no controller.
            (Some("cgroup"), Some(options)) => (
                "cgroup",
                options.split(',').filter(|option| !matches!(*option, "rw" | "ro")).collect::<Vec<_>>().join(","),
            ),
            _ => continue,
        };
        if umount2(point, MntFlags::MNT_DETACH).is_err() {
            // In a user namespace the kernel refuses, so put another file system in between.
            new("tmpfs", Path::new(point), "tmpfs", "mode=755")?;
        }
        new(kind, Path::new(point), kind, &options)?;
    }
    Ok(())
}

/// Sets limits per process, which also hold without a control group. Without one, the
/// supervisor watches and names the limit; these are well above it and stop what grows between
/// two looks. The kernel counts processes per user and user namespace (getrlimit(2)), so that
/// limit is set only if the user namespace is the check's own.
fn limit(limits: &Limits, cgroups: bool) -> Result<()> {
    let mut set = vec![(Resource::RLIMIT_CORE, 0), (Resource::RLIMIT_FSIZE, MAX_FILE_SIZE)];
    if !cgroups {
        set.push((Resource::RLIMIT_AS, limits.memory * 4));
        if !nix::unistd::geteuid().is_root() || enter_user_namespace() {
            set.push((Resource::RLIMIT_NPROC, limits.processes * 8));
        }
    }
    set.into_iter()
        .try_for_each(|(resource, value)| setrlimit(resource, value, value).map_err(Error::call("setrlimit")))
}

/// Whether root in here is another user outside.
fn enter_user_namespace() -> bool {
    fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| map.split_whitespace().ne(["0", "0", "4294967295"]))
}
