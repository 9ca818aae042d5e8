//! Another program in a container that runs already.
//!
//! Chapter 2 made namespaces and was in them; here they exist, and a process of ours
//! moves in. setns(2) takes a pidfd, and with it all of a process's namespaces at once.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use nix::fcntl::OFlag;
use nix::sched::{CloneFlags, setns};
use nix::sys::prctl;
use nix::unistd::{pipe2, setsid};
use run::Container;
use sys::{Context, PidFd};

use crate::containers::Containers;
use crate::error::{Error, Result};
use crate::id::cgroup_name;
use crate::program::{Program, absolute, add_variables};
use crate::security::{Security, join_device_group};
use crate::terminal::Terminal;
use crate::tty_proxy::TtyProxy;

/// What the user wants; the rest is as for the container's own program.
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
/// The caller has one thread and is still in the namespaces that it was started in: an
/// ordinary user may enter the user namespace that they own only from outside.
///
/// # Errors
/// [`run::Error::NotRunning`], or the system call that failed.
pub fn exec(containers: &Containers, container: &Container, request: &Exec) -> Result<u8> {
    let target = containers.process(container)?;
    let program = program(container, request, &Security::load(&containers.directory(&container.id))?)?;
    let cgroup = cgroups::Group::open(&cgroup_name(&container.id)).ok();
    let terminal = request.terminal.then(Terminal::new).transpose()?;
    enter_pid_namespace(&target, container)?;

    let (sync_pipe, release) = pipe2(OFlag::O_CLOEXEC).call("pipe2")?;
    namespaces::forwarded_signals().thread_block().call("sigprocmask")?;
    let release = Cell::new(Some(File::from(release)));
    let child = sys::fork(|| {
        // Or the child would never see that its parent has given up.
        drop(release.take());
        become_program(&target, sync_pipe, &program, terminal.as_ref())
    })?;
    if let Some(cgroup) = cgroup {
        cgroup.add(child)?;
    }
    join_device_group(&container.id, child)?;
    release.into_inner().map_or(Ok(()), |mut release| release.write_all(b"1")).call("write")?;
    let proxy = terminal.map(|terminal| terminal.connect(request.interactive)).transpose()?;
    let code = namespaces::init(child)?;
    proxy.flatten().map_or(Ok(()), TtyProxy::finish)?;
    Ok(code)
}

fn program(container: &Container, request: &Exec, security: &Security) -> Result<Program> {
    let mut env = container.env.clone();
    if request.terminal {
        env.push("TERM=xterm".to_owned());
    }
    Ok(Program {
        argv: request.argv.clone(),
        env: add_variables(env, &request.env),
        workdir: absolute(request.workdir.clone().unwrap_or_else(|| container.workdir.clone()))?,
        make_workdir: false,
        user: request.user.clone().unwrap_or_else(|| container.user.clone()),
        interactive: request.interactive,
        protection: security.protection(false)?,
    })
}

/// From here on, children of this process are in the container's pid namespace; the
/// process itself keeps the number that it has.
///
/// A container of an ordinary user is in a user namespace, which must be entered first.
/// To enter the one that we are in already is `EINVAL`.
fn enter_pid_namespace(target: &PidFd, container: &Container) -> sys::Result<()> {
    let user_namespace = |process: &str| {
        let path = format!("/proc/{process}/ns/user");
        fs::read_link(&path).context("readlink", &path)
    };
    let mut namespaces = CloneFlags::CLONE_NEWPID;
    if user_namespace("self")? != user_namespace(&container.pid.unwrap_or_default().to_string())? {
        namespaces |= CloneFlags::CLONE_NEWUSER;
    }
    setns(target, namespaces).call("setns")
}

/// The child: waits until it is in the control group, enters the namespaces that remain,
/// and becomes the program. Returns only if that fails.
fn become_program(target: &PidFd, sync_pipe: OwnedFd, program: &Program, terminal: Option<&Terminal>) -> u8 {
    if File::from(sync_pipe).read_exact(&mut [0]).is_err() {
        // Our parent has given up, and there is nobody to report to.
        return 125;
    }
    let error = match enter(target) {
        Ok(()) => program.exec(terminal),
        Err(error) => Error::from(error),
    };
    eprintln!("galley: {error}");
    error.code_of_exec()
}

fn enter(target: &PidFd) -> sys::Result<()> {
    // While it is still galley's, what runs inside must not reach this process's memory
    // or program file through /proc.
    prctl::set_dumpable(false).call("prctl")?;
    // As for the container's first process: ^C reaches it through galley alone.
    setsid().call("setsid")?;
    let namespaces = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWCGROUP;
    setns(target, namespaces).call("setns")
}
