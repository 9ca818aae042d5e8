//! A container's life, told by its monitor in the order in which it happens:
//!
//! 1. The ports are bound, the record is made and locked.
//! 2. The control group is made and the layers are mounted.
//! 3. The first process is cloned into its namespaces, and waits.
//! 4. While it waits, it is put into the control group and its network is connected.
//! 5. It is let go: it prepares itself and becomes the program.
//! 6. The monitor waits for the end, takes everything away and writes down how it was.

use std::fs::{self, File, OpenOptions};
use std::net::TcpListener;
use std::path::PathBuf;

use confine::DeviceGroup;
use namespaces::forwarded_signals;
use nix::errno::Errno;
use nix::mount::{MntFlags, umount2};
use nix::unistd::{Pid, dup2_stderr, dup2_stdin, dup2_stdout, setsid};
use run::{Container, publish};
use sys::{Context, PidFd};

use crate::containers::Containers;
use crate::error::{Error, Result};
use crate::etc_files::{write_etc_files, write_resolv_conf};
use crate::helper::{kill_helper, start_helper};
use crate::id::{cgroup_name, short};
use crate::program::Program;
use crate::report::StartReport;
use crate::security::unified_path;
use crate::settings::{Network, Root, Settings};
use crate::terminal::Terminal;
use crate::tty_proxy::TtyProxy;
use crate::userspace_net::NetHelper;

type Listeners = Vec<(TcpListener, u16)>;

/// What a monitor works with.
pub(crate) struct Monitor<'a> {
    pub containers: &'a Containers,
    pub id: &'a str,
    pub settings: &'a Settings,
    pub root: &'a Root,
    /// Where a detached monitor reports that its program runs.
    pub report: Option<StartReport>,
}

impl Monitor<'_> {
    /// Runs the container from its record to its exit code, which is returned.
    pub(crate) fn run(&self, listeners: Listeners) -> Result<u8> {
        // While this process lives, the container is running: see `run::status`.
        let (mut container, _lock) = self.containers.create(self.id, self.settings)?;
        let result = self.daemonize().and_then(|()| self.run_in_cgroup(&mut container, listeners));
        if container.oom_killed {
            eprintln!("galley: the kernel killed a process of this container: it reached its memory limit");
        }
        self.unmount_root()?;
        // A container that never ran is not kept: there is nothing to look at.
        if self.settings.remove || container.pid.is_none() {
            self.containers.delete(self.id)?;
        } else {
            container.exit_code = Some(result.as_ref().map_or_else(Error::code, |code| *code));
            self.containers.save(&container)?;
        }
        result
    }

    /// Leaves galley's session and terminal, if it is detached; what the container prints
    /// goes to the log.
    fn daemonize(&self) -> Result<()> {
        if self.report.is_none() {
            return Ok(());
        }
        setsid().call("setsid")?;
        let null = File::open("/dev/null").context("open", "/dev/null")?;
        let path = self.containers.directory(self.id).join("log");
        let log = OpenOptions::new().create(true).append(true).open(&path).context("open", &path)?;
        dup2_stdin(&null).call("dup2")?;
        Ok(dup2_stdout(&log).and_then(|()| dup2_stderr(&log)).call("dup2")?)
    }

    fn run_in_cgroup(&self, container: &mut Container, listeners: Listeners) -> Result<u8> {
        let cgroup = self.make_cgroup()?;
        let result = self.run_connected(container, cgroup.as_ref(), listeners);
        if let Some(cgroup) = cgroup {
            container.oom_killed = cgroup.report()?.oom_kills > 0;
            cgroup.delete()?;
        }
        result
    }

    fn run_connected(
        &self,
        container: &mut Container,
        cgroup: Option<&cgroups::Group>,
        listeners: Listeners,
    ) -> Result<u8> {
        let hostname = self.settings.hostname.clone().unwrap_or_else(|| short(self.id).to_owned());
        let config = self.root.config();
        let program = Program::new(&config, self.settings, &hostname)?;
        program.record(container, config.stop_signal().clone());
        let spec = self.container_spec(hostname)?;
        let terminal = self.settings.terminal.then(Terminal::new).transpose()?;

        // Blocked before there is a child whose end could be missed; exec unblocks them.
        forwarded_signals().thread_block().call("sigprocmask")?;
        let created = namespaces::create(&spec, || program.exec(terminal.as_ref()))?;
        if let Some(cgroup) = cgroup {
            cgroup.add(created.pid())?;
        }
        let unified = cgroup.and_then(unified_path);
        let devices = self.settings.security.restrict_devices(self.id, unified.as_deref(), created.pid())?;
        // Its network is there already, and cannot be gone before it is found: a program
        // that ends at once would take it along.
        let helpers = [self.publish_ports(listeners, created.pid())?, self.connect_network(created.pid())?];
        let result = self.wait(container, created, terminal);
        // They go with the container, also with one whose program was not found.
        helpers.iter().flatten().try_for_each(kill_helper)?;
        devices.map_or(Ok(()), DeviceGroup::delete)?;
        result
    }

    /// Lets the program begin, and serves the container until it has ended.
    fn wait(&self, container: &mut Container, created: sys::Created, terminal: Option<Terminal>) -> Result<u8> {
        let pid = created.start()?;
        container.pid = Some(pid.as_raw());
        self.containers.save(container)?;
        let proxy = terminal.map(|terminal| terminal.connect(self.settings.interactive)).transpose()?;
        self.report.as_ref().map_or(Ok(()), StartReport::started)?;
        // The same two duties as process 1 has: a signal for galley is meant for the
        // container, and what ends must be waited for.
        let code = namespaces::init(pid)?;
        proxy.flatten().map_or(Ok(()), TtyProxy::finish)?;
        Ok(code)
    }

    /// The container's control group. An ordinary user may have none to give, and that
    /// is an error only if there is a limit to set.
    fn make_cgroup(&self) -> std::result::Result<Option<cgroups::Group>, cgroups::Error> {
        let limits = &self.settings.limits;
        let limited = limits.memory.is_some() || limits.cpus.is_some() || limits.pids.is_some();
        let cgroup = match cgroups::Group::create(&cgroup_name(self.id)) {
            Ok(cgroup) => cgroup,
            Err(_) if !limited => return Ok(None),
            Err(error) => return Err(error),
        };
        match cgroup.apply(limits) {
            Ok(()) => Ok(Some(cgroup)),
            Err(error) => cgroup.delete().and(Err(error)),
        }
    }

    fn container_spec(&self, hostname: String) -> Result<namespaces::Container> {
        let mut mounts = write_etc_files(&self.containers.directory(self.id), &hostname)?;
        mounts.extend(self.settings.mounts());
        Ok(namespaces::Container {
            rootfs: self.mount_root()?,
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

    /// Mounts the layers, if it is an image; returns the root.
    fn mount_root(&self) -> Result<PathBuf> {
        let layers = match self.root {
            Root::Directory(path) => return Ok(path.clone()),
            Root::Image { layers, .. } => layers,
        };
        let directory = self.containers.directory(self.id);
        let [upper, work, merged] = ["upper", "work", "merged"].map(|name| directory.join(name));
        for path in [&upper, &work, &merged] {
            fs::create_dir(path).context("mkdir", path)?;
        }
        images::mount(layers, &upper, &work, &merged)?;
        Ok(merged)
    }

    /// Takes the layers away again. Only this process's mount namespace has them, and its
    /// end would do that, too; but a directory on which something is mounted cannot be
    /// removed.
    fn unmount_root(&self) -> Result<()> {
        let merged = self.containers.directory(self.id).join("merged");
        match umount2(&merged, MntFlags::MNT_DETACH) {
            // Missing, or nothing mounted: a directory was used, or nothing began.
            Ok(()) | Err(Errno::ENOENT | Errno::EINVAL) => Ok(()),
            Err(errno) => Err(sys::Error::at("umount2", &merged, errno).into()),
        }
    }

    /// Connects the container's network to the host's, if that is wanted and possible.
    fn connect_network(&self, container: Pid) -> Result<Option<PidFd>> {
        if self.settings.network != Network::Private {
            return Ok(None);
        }
        // Nothing is printed without a helper: whoever named this network has been told.
        let Ok(helper) = NetHelper::find() else { return Ok(None) };
        let directory = self.containers.directory(self.id);
        match helper.connect_network(container, &directory.join("outbound.log")) {
            Ok(process) => {
                write_resolv_conf(&directory, true)?;
                Ok(Some(process))
            }
            Err(error @ Error::NoOutboundNetwork(_)) => {
                eprintln!("galley: {error}");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Starts the process that carries connections, if there are ports to publish.
    fn publish_ports(&self, listeners: Listeners, container: Pid) -> Result<Option<PidFd>> {
        if listeners.is_empty() || self.settings.network == Network::Host {
            return Ok(None);
        }
        let path = format!("/proc/{container}/ns/net");
        let namespace = File::open(&path).context("open", &path)?;
        let publisher = start_helper(|| match publish(listeners, &namespace) {
            Ok(()) => 0,
            Err(error) => {
                eprintln!("galley: the published ports do not answer: {error}");
                1
            }
        })?;
        Ok(Some(publisher))
    }
}
