//! The inner process: process 1 of the sandbox.

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

/// What a check may not do even to the file system: larger files than this, in bytes.
const MAX_FILE_SIZE: u64 = 2 << 30;

/// What the keeper writes to the gate once the control group holds this process.
pub const OPEN: &[u8] = b"open";

/// Prepares the world, runs the job in it, and ends the process.
///
/// Begins when the keeper opens the gate. `held` is the keeper's pipe; it closes when this process ends. A limit that is
/// seen only then is named on it.
pub fn live(job: &Job, group: Option<&Group>, gate: &OwnedFd, held: OwnedFd, report: &mut Report) -> ! {
    let code = match enter(group, gate).and_then(|()| run(job, group.is_some(), &held, report)) {
        Ok(code) => code,
        Err(error) => {
            report.error(&error);
            error.code()
        }
    };
    drop(held);
    exit(i32::from(code))
}

/// Waits until it is in its control group, and makes that the whole of what it sees.
fn enter(group: Option<&Group>, gate: &OwnedFd) -> Result<()> {
    // If the keeper is killed, nothing of this may live on.
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(Error::call("prctl"))?;
    let mut word = [0; OPEN.len()];
    if read(gate, &mut word).map_err(Error::call("read"))? != OPEN.len() {
        return Err(Error::Failed("the keeper of the sandbox ended before its check began".to_owned()));
    }
    unshare(CloneFlags::CLONE_NEWCGROUP).map_err(Error::call("unshare"))?;
    let leaf = group.map_or(Ok(()), |group| group.enter_leaf(getpid()));
    leaf.map_err(Error::file("enter a control group in", "/sys/fs/cgroup".as_ref()))
}

fn run(job: &Job, cgroups: bool, held: &OwnedFd, report: &mut Report) -> Result<u8> {
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
            let usage = Usage::Processes { inner: getpid(), limits: &job.limits };
            if let Some(limit) = usage.reached().filter(|_| !cgroups) {
                // A fork bomb may have outrun the keeper's looks and ended by itself.
                write(held, limit.as_bytes()).map_err(Error::call("write"))?;
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

/// Every signal as it is at login. What started the harness may have ignored some,
/// a shell does so for what runs in the background, and exec keeps that.
fn reset_signals() -> Result<()> {
    for signal in Signal::iterator().filter(|signal| !matches!(signal, Signal::SIGKILL | Signal::SIGSTOP)) {
        // SAFETY: no handler is installed, only the default action restored.
        unsafe { sigaction(signal, &SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty())) }
            .map_err(Error::call("sigaction"))?;
    }
    SigSet::empty().thread_set_mask().map_err(Error::call("sigprocmask"))
}

/// Waits for every child that ends, and returns when the one that counts has.
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

/// Private propagation, everything read-only, a fresh `/proc`, one empty place to
/// write in, and control groups as seen from the check's own.
fn set_up_mounts(scratch: &Path, most: u64, cgroups: bool) -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNS).map_err(Error::call("unshare"))?;
    change("/", MsFlags::MS_REC | MsFlags::MS_PRIVATE)?;
    read_only_everywhere()?;
    // Else the host's processes would be seen again once this one is unmounted. In a
    // user namespace the kernel keeps it (EINVAL), and it is only covered.
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

/// Mounts each hierarchy anew: inside a cgroup namespace the mount's root is the
/// check's own group, and being new it is writable. The old mount goes first,
/// because the kernel refuses a file system on top of itself (EBUSY).
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
            // In a user namespace the kernel keeps it: something else goes in between.
            new("tmpfs", Path::new(point), "tmpfs", "mode=755")?;
        }
        new(kind, Path::new(point), kind, &options)?;
    }
    Ok(())
}

/// Limits per process, which hold without a control group as well. Where there is
/// none, the keeper watches and names the limit; these stand well above, for what is
/// quicker than it looks. The number of processes counts per user and user namespace
/// (getrlimit(2)), so it is set only where that namespace is the check's own.
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

/// Whether root here is somebody else outside.
fn enter_user_namespace() -> bool {
    fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| map.split_whitespace().ne(["0", "0", "4294967295"]))
}
