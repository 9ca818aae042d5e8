//! Given: another program in a container that runs already (`galley exec`).
//!
//! Chapter 2 made namespaces and was in them; here they exist, and a process of
//! ours moves in. setns(2) takes a pidfd, and with it all of a process's
//! namespaces at once.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::sched::{CloneFlags, setns};
use nix::sys::prctl;
use nix::unistd::{ForkResult, fork, pipe2, setsid};

use crate::container::{Container, Containers, group_name};
use crate::error::{Error, Result};
use crate::process::{Process, absolute, add_variables};
use crate::terminal::{Carrier, Terminal};

/// What the user asked for; the rest is as the container's own program has it.
#[derive(Clone, Debug, Default)]
pub struct Exec {
    pub argv: Vec<String>,
    /// As in [`crate::Settings`].
    pub env: Vec<String>,
    pub workdir: Option<PathBuf>,
    pub user: Option<String>,
    pub interactive: bool,
    pub terminal: bool,
}

/// Runs a program in a container and waits for it; returns its exit code.
///
/// The caller has one thread and is still in the namespaces it was started in:
/// an ordinary user may enter the user namespace they own only from outside.
///
/// # Errors
/// [`Error::NotRunning`], or the system call that failed.
pub fn exec(containers: &Containers, container: &Container, request: &Exec) -> Result<u8> {
    let target = containers.process(container)?;
    let process = process(container, request)?;
    let group = cgroups::Group::open(&group_name(&container.id)).ok();
    let terminal = request.terminal.then(Terminal::new).transpose()?;
    enter_pid_namespace(target.as_fd(), container)?;

    let (gate, open) = pipe2(OFlag::O_CLOEXEC).map_err(Error::call("pipe2"))?;
    namespaces::forwarded_signals().thread_block().map_err(Error::call("sigprocmask"))?;
    // SAFETY: this process has one thread, so the child may do what it likes.
    let child = match unsafe { fork() }.map_err(Error::call("fork"))? {
        ForkResult::Child => {
            drop(open);
            sys::exit_now(become_program(target.as_fd(), gate, &process, terminal.as_ref()))
        }
        ForkResult::Parent { child } => child,
    };
    drop(gate);
    if let Some(group) = group {
        group.add(child)?;
    }
    let mut open = File::from(open);
    open.write_all(b"1").map_err(Error::file("write to", Path::new("the gate")))?;
    let carrier = terminal.map(|terminal| terminal.carry(request.interactive)).transpose()?;
    let code = namespaces::init(child)?;
    carrier.flatten().map_or(Ok(()), Carrier::finish)?;
    Ok(code)
}

fn process(container: &Container, request: &Exec) -> Result<Process> {
    let mut env = container.env.clone();
    if request.terminal {
        env.push("TERM=xterm".to_owned());
    }
    Ok(Process {
        argv: request.argv.clone(),
        env: add_variables(env, &request.env),
        workdir: absolute(request.workdir.clone().unwrap_or_else(|| container.workdir.clone()))?,
        make_workdir: false,
        user: request.user.clone().unwrap_or_else(|| container.user.clone()),
        interactive: request.interactive,
    })
}

/// From here on, children of this process are in the container's pid namespace;
/// the process itself keeps the number it has.
///
/// A container of an ordinary user is in a user namespace, which must be entered
/// first. To enter the one that we are in already is EINVAL.
fn enter_pid_namespace(target: BorrowedFd<'_>, container: &Container) -> Result<()> {
    let user_namespace = |process: &str| {
        let path = PathBuf::from(format!("/proc/{process}/ns/user"));
        fs::read_link(&path).map_err(Error::file("read", &path))
    };
    let mut namespaces = CloneFlags::CLONE_NEWPID;
    if user_namespace("self")? != user_namespace(&container.pid.unwrap_or_default().to_string())? {
        namespaces |= CloneFlags::CLONE_NEWUSER;
    }
    setns(target, namespaces).map_err(Error::call("setns"))
}

/// The child: waits until it is in the control group, enters the namespaces that
/// are left, and becomes the program. Returns only if that fails.
fn become_program(target: BorrowedFd<'_>, gate: OwnedFd, process: &Process, terminal: Option<&Terminal>) -> u8 {
    if File::from(gate).read_exact(&mut [0]).is_err() {
        // Our parent has given up, and there is nobody to tell.
        return 125;
    }
    let error = match enter(target) {
        Ok(()) => process.exec(terminal),
        Err(error) => error,
    };
    eprintln!("galley: {error}");
    error.code_of_exec()
}

fn enter(target: BorrowedFd<'_>) -> Result<()> {
    // While it is still galley's, what runs inside must not reach this process's
    // memory or program file through /proc.
    prctl::set_dumpable(false).map_err(Error::call("prctl"))?;
    // As the container's first process: ^C reaches it through galley alone.
    setsid().map_err(Error::call("setsid"))?;
    let namespaces = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWCGROUP;
    setns(target, namespaces).map_err(Error::call("setns"))
}
