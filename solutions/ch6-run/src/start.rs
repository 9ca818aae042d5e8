//! The conversation that starts a container, in the order it happens.
//!
//! 1. The ports are bound, the record is made, the layers are mounted.
//! 2. The first process is cloned into its namespaces, and waits at a gate.
//! 3. Its control group is made, and it is put in while it still waits.
//! 4. The gate opens: it prepares itself and becomes the program.
//! 5. A second process carries connections; the monitor waits for the end.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use images::spec;
use namespaces::{Mount, Source};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::mount::{MntFlags, umount2};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, dup2_stderr, dup2_stdin, dup2_stdout, fork, getpid, getppid, pipe2, setsid};

use crate::container::{Container, Containers, group_name};
use crate::error::{Error, Result};
use crate::outbound::{Helper, resolv_conf};
use crate::process::Process;
use crate::publish::{listen, publish};
use crate::settings::{Network, Settings};
use crate::terminal::{Carrier, Terminal};

/// Where the container's files come from.
#[derive(Clone, Debug)]
pub enum Root {
    /// An image: its unpacked layers, lowest first, and its config.
    Image { layers: Vec<PathBuf>, config: Box<spec::Config> },
    /// A directory, used as it is (`--rootfs`).
    Directory(PathBuf),
}

impl Root {
    fn config(&self) -> spec::Config {
        match self {
            Self::Image { config, .. } => config.as_ref().clone(),
            Self::Directory(_) => spec::Config::default(),
        }
    }
}

type Listeners = Vec<(TcpListener, u16)>;

/// Runs a container and waits for it; returns its exit code.
///
/// The caller has a mount namespace of its own ([`namespaces::own_mounts`]) and
/// one thread.
pub fn foreground(containers: &Containers, settings: &Settings, root: &Root) -> Result<u8> {
    let listeners = listen(&settings.ports)?;
    let id = new_id()?;
    Monitor { containers, id: &id, settings, root }.watch(listeners, |_| Ok(()), || Ok(()))
}

/// Starts a container in the background; returns its id as soon as its program
/// runs. A process of its own stays behind as the container's monitor.
pub fn detach(containers: &Containers, settings: &Settings, root: &Root) -> Result<String> {
    let listeners = listen(&settings.ports)?;
    let id = new_id()?;
    let (news, report) = pipe2(OFlag::O_CLOEXEC).map_err(Error::call("pipe2"))?;
    // SAFETY: this process has one thread, so the child may do what it likes.
    match unsafe { fork() }.map_err(Error::call("fork"))? {
        ForkResult::Child => {
            drop(news);
            background(containers, &id, settings, root, listeners, report)
        }
        ForkResult::Parent { .. } => {
            drop((report, listeners));
            hear(news).map(|()| id)
        }
    }
}

/// The monitor's life in the background. It has no terminal and no one to talk
/// to but the pipe, and that only until the program runs.
fn background(
    containers: &Containers,
    id: &str,
    settings: &Settings,
    root: &Root,
    listeners: Listeners,
    report: OwnedFd,
) -> ! {
    let report = File::from(report);
    let pipe = Path::new("the pipe to galley");
    let started = || writeln!(&report, "0").map_err(Error::file("write to", pipe));
    let result = Monitor { containers, id, settings, root }.watch(listeners, own_session, started);
    if let Err(error) = &result {
        // If nobody listens any more, the exit code is all that is left to say.
        let _ = writeln!(&report, "{} {error}", error.code());
    }
    std::process::exit(i32::from(result.unwrap_or_else(|error| error.code())))
}

/// What the monitor said: `0`, or an exit code and a message.
fn hear(news: OwnedFd) -> Result<()> {
    let mut line = String::new();
    let read = BufReader::new(File::from(news)).read_line(&mut line);
    read.map_err(Error::file("read from", Path::new("the container's monitor")))?;
    match line.trim_end().split_once(' ') {
        None if line.starts_with('0') => Ok(()),
        Some((code, message)) => {
            Err(Error::Start(namespaces::StartError { message: message.to_owned(), code: code.parse().unwrap_or(125) }))
        }
        None => Err(Error::Monitor("the container's monitor ended before the program was started".to_owned())),
    }
}

/// Leaves galley's session and terminal; what the container prints goes to the log.
fn own_session(log: &Path) -> Result<()> {
    setsid().map_err(Error::call("setsid"))?;
    let null = File::open("/dev/null").map_err(Error::file("open", Path::new("/dev/null")))?;
    let log_file = OpenOptions::new().create(true).append(true).open(log).map_err(Error::file("open", log))?;
    dup2_stdin(&null).map_err(Error::call("dup2"))?;
    dup2_stdout(&log_file).map_err(Error::call("dup2"))?;
    dup2_stderr(&log_file).map_err(Error::call("dup2"))
}

/// What the process that watches over a container works with.
struct Monitor<'a> {
    containers: &'a Containers,
    id: &'a str,
    settings: &'a Settings,
    root: &'a Root,
}

impl Monitor<'_> {
    /// From the record to the exit code. `prepare` is called with the path of the
    /// log before anything of the container runs, `started` once its program does.
    fn watch(
        &self,
        listeners: Listeners,
        prepare: impl FnOnce(&Path) -> Result<()>,
        started: impl FnOnce() -> Result<()>,
    ) -> Result<u8> {
        let stop_signal = self.root.config().stop_signal().clone();
        let (mut container, _lock) = self.containers.create(self.id, self.settings, stop_signal)?;
        let result = self.live_in_group(&mut container, listeners, prepare, started);
        if container.oom_killed {
            eprintln!("galley: the kernel killed a process of this container: it reached its memory limit");
        }
        self.unmount()?;
        // A container that never ran is not kept: there is nothing to look at.
        if self.settings.remove || container.pid.is_none() {
            self.containers.remove(self.id)?;
        } else {
            container.exit_code = Some(result.as_ref().map_or_else(Error::code, |code| *code));
            self.containers.save(&container)?;
        }
        result
    }

    fn live_in_group(
        &self,
        container: &mut Container,
        listeners: Listeners,
        prepare: impl FnOnce(&Path) -> Result<()>,
        started: impl FnOnce() -> Result<()>,
    ) -> Result<u8> {
        let group = self.group()?;
        let result = prepare(&self.containers.directory(self.id).join("log"))
            .and_then(|()| self.live(container, group.as_ref(), listeners, started));
        if let Some(group) = group {
            container.oom_killed = group.report()?.oom_kills > 0;
            group.delete()?;
        }
        result
    }

    /// The container's control group. An ordinary user has none to give, and that
    /// is an error only if a limit was asked for.
    fn group(&self) -> std::result::Result<Option<cgroups::Group>, cgroups::Error> {
        let limits = &self.settings.limits;
        let asked = limits.memory.is_some() || limits.cpus.is_some() || limits.pids.is_some();
        let group = match cgroups::Group::create(&group_name(self.id)) {
            Ok(group) => group,
            Err(_) if !asked => return Ok(None),
            Err(error) => return Err(error),
        };
        match group.apply(limits) {
            Ok(()) => Ok(Some(group)),
            Err(error) => group.delete().and(Err(error)),
        }
    }

    fn live(
        &self,
        container: &mut Container,
        group: Option<&cgroups::Group>,
        listeners: Listeners,
        started: impl FnOnce() -> Result<()>,
    ) -> Result<u8> {
        let hostname = self.settings.hostname.clone().unwrap_or_else(|| container.short().to_owned());
        let process = Process::new(&self.root.config(), self.settings, &hostname)?;
        container.starts(&process);
        let plan = self.plan(hostname)?;
        let terminal = self.settings.terminal.then(Terminal::new).transpose()?;
        // Before there is a child whose end could be missed; exec unblocks them.
        namespaces::forwarded_signals().thread_block().map_err(Error::call("sigprocmask"))?;
        let paused = namespaces::start(&plan, || process.exec(terminal.as_ref()))?;
        if let Some(group) = group {
            group.add(paused.pid())?;
        }
        // Its network is there already, and cannot be gone before it is found: a
        // program that ends at once would take it along.
        let outbound = self.way_out(paused.pid())?;
        let publisher = self.publisher(listeners, paused.pid())?;
        let result = self.until_it_ends(container, paused, terminal, started);
        // They go with the container, also with one whose program was not found.
        [publisher, outbound].into_iter().flatten().try_for_each(end)?;
        result
    }

    /// Opens the gate, and serves the container until its program has ended.
    fn until_it_ends(
        &self,
        container: &mut Container,
        paused: namespaces::Paused,
        terminal: Option<Terminal>,
        started: impl FnOnce() -> Result<()>,
    ) -> Result<u8> {
        let running = paused.release()?;
        container.pid = Some(running.pid().as_raw());
        self.containers.save(container)?;
        let carrier = terminal.map(|terminal| terminal.carry(self.settings.interactive)).transpose()?;
        started()?;
        // The same two duties as process 1 has: a signal for galley is meant for
        // the container, and what ends must be waited for.
        let code = namespaces::init(running.pid())?;
        carrier.flatten().map_or(Ok(()), Carrier::finish)?;
        Ok(code)
    }

    /// Connects the container's network to the host's, if it is to be and can be.
    fn way_out(&self, container: Pid) -> Result<Option<Pid>> {
        if self.settings.network != Network::Private {
            return Ok(None);
        }
        // Without a helper nothing is said: who asked for one has been told.
        let Ok(helper) = Helper::find() else { return Ok(None) };
        let directory = self.containers.directory(self.id);
        match helper.connect(container, &directory.join("outbound.log")) {
            Ok(outbound) => {
                write_resolv_conf(&directory, true)?;
                Ok(Some(outbound))
            }
            Err(error @ Error::NoWayOut(_)) => {
                eprintln!("galley: {error}");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The root file system, and what is mounted over it.
    fn plan(&self, hostname: String) -> Result<namespaces::Container> {
        let directory = self.containers.directory(self.id);
        let mut mounts = etc_files(&directory, &hostname)?;
        mounts.extend(self.settings.mounts());
        let rootfs = match self.root {
            Root::Directory(path) => path.clone(),
            Root::Image { layers, .. } => {
                let [upper, work, merged] = ["upper", "work", "merged"].map(|name| directory.join(name));
                for path in [&upper, &work, &merged] {
                    fs::create_dir(path).map_err(Error::file("create", path))?;
                }
                images::mount(layers, &upper, &work, &merged)?;
                merged
            }
        };
        Ok(namespaces::Container {
            rootfs,
            hostname,
            network: match self.settings.network {
                Network::Private | Network::None => namespaces::Network::Private,
                Network::Host => namespaces::Network::Host,
            },
            mounts,
            read_only: self.settings.read_only,
            init: self.settings.init,
        })
    }

    /// Takes the layers away again. Only this process's mount namespace has them,
    /// and its end would do it, too; but a mounted directory cannot be removed.
    fn unmount(&self) -> Result<()> {
        let merged = self.containers.directory(self.id).join("merged");
        match umount2(&merged, MntFlags::MNT_DETACH) {
            // Not there, or nothing mounted: a directory was used, or nothing began.
            Ok(()) | Err(Errno::ENOENT | Errno::EINVAL) => Ok(()),
            Err(errno) => Err(sys::Error::at("umount2", &merged, errno).into()),
        }
    }

    /// The process that carries connections, if there are ports to publish.
    fn publisher(&self, listeners: Listeners, container: Pid) -> Result<Option<Pid>> {
        if listeners.is_empty() || self.settings.network == Network::Host {
            return Ok(None);
        }
        let path = PathBuf::from(format!("/proc/{container}/ns/net"));
        let namespace = File::open(&path).map_err(Error::file("open", &path))?;
        let monitor = getpid();
        // SAFETY: this process has one thread, so the child may do what it likes.
        match unsafe { fork() }.map_err(Error::call("fork"))? {
            ForkResult::Parent { child } => Ok(Some(child)),
            ForkResult::Child => {
                let result = prctl::set_pdeathsig(Signal::SIGKILL).map_err(Error::call("prctl"));
                // Killed before that call, the monitor's end sends nothing any more.
                if getppid() != monitor {
                    std::process::exit(1);
                }
                let result = result.and_then(|()| publish(listeners, &namespace));
                if let Err(error) = &result {
                    eprintln!("galley: the published ports do not answer: {error}");
                }
                std::process::exit(i32::from(result.is_err()))
            }
        }
    }
}

/// `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf`, made for this container.
fn etc_files(directory: &Path, hostname: &str) -> Result<Vec<Mount>> {
    let hosts = format!("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n127.0.0.1\t{hostname}\n");
    for (name, text) in [("hosts", hosts), ("hostname", format!("{hostname}\n"))] {
        let source = directory.join(name);
        fs::write(&source, text).map_err(Error::file("write", &source))?;
    }
    write_resolv_conf(directory, false)?;
    ["hosts", "hostname", "resolv.conf"]
        .into_iter()
        .map(|name| {
            let source = directory.join(name);
            Ok(Mount { source: Source::Host(source), target: Path::new("/etc").join(name), read_only: false })
        })
        .collect()
}

/// Copied, not shared: what a program inside writes must not reach the host.
fn write_resolv_conf(directory: &Path, way_out: bool) -> Result<()> {
    let hosts = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let path = directory.join("resolv.conf");
    fs::write(&path, resolv_conf(&hosts, way_out)).map_err(Error::file("write", &path))
}

/// Ends a helper of the container. It may have ended, and been waited for, before
/// the container did.
fn end(helper: Pid) -> Result<()> {
    match kill(helper, Signal::SIGKILL).and_then(|()| waitpid(helper, None)) {
        Ok(_) | Err(Errno::ESRCH | Errno::ECHILD) => Ok(()),
        Err(errno) => Err(Error::call("waitpid")(errno)),
    }
}

/// 64 hexadecimal digits from the kernel's random source.
fn new_id() -> Result<String> {
    let path = Path::new("/proc/sys/kernel/random/uuid");
    let mut id = String::new();
    while id.len() < 64 {
        let uuid = fs::read_to_string(path).map_err(Error::file("read", path))?;
        id.extend(uuid.chars().filter(char::is_ascii_hexdigit));
    }
    id.truncate(64);
    Ok(id)
}
