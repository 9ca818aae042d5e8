//! Given: the steps of both chapters put together to a container.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use nix::mount::MsFlags;
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::sys::stat::{Mode, umask};
use nix::unistd::{ForkResult, Pid, fork, sethostname, setsid};

use sys::{Error, Result};

use crate::{forwarded_signals, init, layout, loopback_up, pivot, private_mounts, spawn, wait};

/// Which network a container is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// That of the host.
    Host,
    /// A new one, with nothing but `lo` up.
    Private,
}

/// What is mounted at a path inside.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file or directory of the host, by its path there (a bind mount).
    Host(PathBuf),
    /// An empty file system in memory, with options of tmpfs(5), such as `size=64m`.
    Memory { flags: MsFlags, options: String },
}

/// Something to be seen inside that is not of the root file system.
#[derive(Clone, Debug)]
pub struct Mount {
    /// What it is.
    pub source: Source,
    /// The path inside; made if it is missing.
    pub target: PathBuf,
    /// Whether it can be written to from inside.
    pub read_only: bool,
}

/// What a container is to be.
#[derive(Clone, Debug)]
pub struct Container {
    /// The directory that becomes `/`.
    pub rootfs: PathBuf,
    /// The name it has for itself.
    pub hostname: String,
    /// The network it is in.
    pub network: Network,
    /// What is mounted over the root, in this order.
    pub mounts: Vec<Mount>,
    /// Whether `/` itself is read-only.
    pub read_only: bool,
    /// Whether process 1 is ours and the program is its child.
    pub init: bool,
}

/// Makes a process in new namespaces that waits at a gate until
/// [`Paused::release`]. Meanwhile the caller can do what must be done from
/// outside: put it into a cgroup, connect its network.
///
/// Behind the gate it builds the container around itself, then calls `process`,
/// which becomes the program and returns only if that fails, with the reason.
///
/// Call it from a process with one thread that has the right to make namespaces.
pub fn start<E: Into<StartError>>(container: &Container, process: impl FnOnce() -> E) -> Result<Paused> {
    let (ours, theirs) = UnixStream::pair().map_err(|error| Error::io("socketpair", "gate", &error))?;
    let mut namespaces =
        CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWIPC;
    if container.network == Network::Private {
        namespaces |= CloneFlags::CLONE_NEWNET;
    }
    // The child takes from its copy of our memory; ours keeps what it has.
    let mut given = Some((process, theirs));
    let pid = spawn(namespaces, || match given.take() {
        Some((process, gate)) => {
            // Two processes hold our end now. Unless it is shut in the child,
            // the child would never see that we are gone.
            close_in_child(&ours);
            behind_the_gate(container, gate, process)
        }
        None => 125,
    })?;
    Ok(Paused { pid, gate: Some(ours) })
}

fn close_in_child(gate: &UnixStream) {
    use std::os::fd::AsRawFd;
    // SAFETY: the child's copy of this stream is never used or dropped.
    unsafe { nix::libc::close(gate.as_raw_fd()) };
}

/// The child, from its first instruction to the program's.
fn behind_the_gate<E: Into<StartError>>(
    container: &Container,
    mut gate: UnixStream,
    process: impl FnOnce() -> E,
) -> u8 {
    if gate.read_exact(&mut [0]).is_err() {
        // Our parent has given up, and there is nobody to tell.
        return 125;
    }
    if let Err(error) = prepare(container) {
        return report(&mut gate, error);
    }
    if !container.init {
        return report(&mut gate, process());
    }
    match with_init(gate, process) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("galley: {error}");
            125
        }
    }
}

/// Stays process 1 and starts the program as its child.
fn with_init<E: Into<StartError>>(mut gate: UnixStream, process: impl FnOnce() -> E) -> Result<u8> {
    // Before the fork, so that no signal is lost; exec unblocks them again.
    forwarded_signals().thread_block().map_err(|errno| Error::new("sigprocmask", errno))?;
    // SAFETY: this process has one thread.
    match unsafe { fork() }.map_err(|errno| Error::new("fork", errno))? {
        ForkResult::Child => {
            let error = process();
            sys::exit_now(report(&mut gate, error))
        }
        ForkResult::Parent { child } => {
            // The program's copy is closed by its exec; with this one open, the
            // parent would wait for that for ever.
            drop(gate);
            init(child)
        }
    }
}

// ANCHOR: prepare
/// Builds the container around this process.
fn prepare(container: &Container) -> Result<()> {
    // A session of its own: ^C at the terminal goes to our parent alone, which
    // passes it on; else the program would get it twice.
    setsid().map_err(|errno| Error::new("setsid", errno))?;
    // Nobody else would ever end this container, or put away what is left of it.
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(|errno| Error::new("prctl", errno))?;
    umask(Mode::from_bits_truncate(0o022));
    // Only now, and not with clone: the root of a cgroup namespace is the group
    // that its maker is in, and we were put into ours while we waited.
    unshare(CloneFlags::CLONE_NEWCGROUP).map_err(|errno| Error::new("unshare", errno))?;
    sethostname(&container.hostname).map_err(|errno| Error::new("sethostname", errno))?;
    private_mounts()?;
    layout::mount_all(container)?;
    if container.network == Network::Private {
        loopback_up()?;
    }
    pivot(&container.rootfs)
}
// ANCHOR_END: prepare

/// Tells the parent why there is no program; gives the exit code to end with.
fn report(gate: &mut UnixStream, error: impl Into<StartError>) -> u8 {
    let StartError { code, message: text } = error.into();
    let mut message = vec![code];
    message.extend_from_slice(text.as_bytes());
    // A parent that is gone does not need the message.
    let _ = gate.write_all(&message);
    code
}

/// A container whose process has not begun. Dropped, it never will.
#[derive(Debug)]
pub struct Paused {
    pid: Pid,
    gate: Option<UnixStream>,
}

impl Paused {
    /// Process 1 of the container, as the host sees it.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Opens the gate and waits until the program runs or cannot.
    pub fn release(mut self) -> std::result::Result<Running, StartError> {
        let lost = |error: io::Error| StartError { code: 125, message: format!("the container was lost: {error}") };
        // Without the gate in it, dropping self waits for nothing.
        let Some(mut gate) = self.gate.take() else { return Err(lost(io::ErrorKind::NotConnected.into())) };
        // The child's end closes with its exec; until then, silence is waiting.
        let mut message = Vec::new();
        let told = gate.write_all(b"1").and_then(|()| gate.read_to_end(&mut message));
        match (told, message.split_first()) {
            (Ok(_), None) => Ok(Running { pid: self.pid }),
            (told, first) => {
                drop(gate);
                // It has ended or is about to; a second failure adds nothing.
                let _ = wait(self.pid);
                Err(match (told, first) {
                    (Err(error), _) => lost(error),
                    (_, Some((code, text))) => {
                        StartError { code: *code, message: String::from_utf8_lossy(text).into_owned() }
                    }
                    (_, None) => lost(io::ErrorKind::UnexpectedEof.into()),
                })
            }
        }
    }
}

impl Drop for Paused {
    fn drop(&mut self) {
        if let Some(gate) = self.gate.take() {
            // The child reads the end of the stream, and ends too.
            let _ = gate.shutdown(Shutdown::Both);
            let _ = wait(self.pid);
        }
    }
}

/// Why a container's program could not be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartError {
    /// The code to end with, as Docker does: 127 not found, 126 refused, 125 ours.
    pub code: u8,
    /// What failed, in words.
    pub message: String,
}

impl From<Error> for StartError {
    fn from(error: Error) -> Self {
        Self { code: 125, message: error.to_string() }
    }
}

impl From<sys::ExecError> for StartError {
    fn from(error: sys::ExecError) -> Self {
        Self { code: error.exit_code(), message: error.to_string() }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StartError {}

/// A container whose program runs.
#[derive(Debug)]
pub struct Running {
    pid: Pid,
}

impl Running {
    /// Process 1 of the container, as the host sees it.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits for its end; gives its exit code, 128+n after a signal.
    pub fn wait(self) -> Result<u8> {
        wait(self.pid)
    }
}
