//! Outbound connections of a private network.
//!
//! A new network namespace has no cable. slirp4netns(1) and pasta(1) put a network card
//! into it whose other end is a program: what the container sends, that program sends
//! again through ordinary sockets of the host. No root, no bridge, no firewall.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::unistd::{Pid, getpid, pipe2};
use sys::{Context, PidFd};

use crate::error::{Error, Result};
use crate::helper::open_child;
use crate::tap;

/// The name server inside; the helper asks the host's.
pub(crate) const NAME_SERVER: &str = "10.0.2.3";

/// A program that carries a container's packets, installed and permitted.
#[derive(Clone, Debug)]
pub enum NetHelper {
    Slirp4netns(PathBuf),
    Pasta(PathBuf),
}

impl NetHelper {
    /// Looks for what outbound connections need.
    ///
    /// # Errors
    /// [`Error::NoOutboundNetwork`] with what is missing. A container runs without, too.
    pub fn find() -> Result<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let find =
            |name| std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file());
        let helper = find("slirp4netns").map(Self::Slirp4netns).or_else(|| find("pasta").map(Self::Pasta));
        let missing = "neither slirp4netns nor pasta is installed (Debian: apt-get install slirp4netns)";
        let helper = helper.ok_or_else(|| Error::NoOutboundNetwork(missing.to_owned()))?;
        let refused = |error| format!("{} cannot open {}: {error}", helper.program().display(), tap::TUN);
        match OpenOptions::new().read(true).write(true).open(tap::TUN) {
            Ok(_) => Ok(helper),
            Err(error) => Err(Error::NoOutboundNetwork(refused(error))),
        }
    }

    fn program(&self) -> &Path {
        match self {
            Self::Slirp4netns(program) | Self::Pasta(program) => program,
        }
    }

    /// The arguments. `network` and `ready` are descriptors that the helper inherits:
    /// the container's network, and a pipe to write a line to when packets can leave.
    /// The host's own 127.0.0.1 stays out of reach, as from any other machine.
    fn arguments(&self, network: i32, ready: i32) -> Vec<String> {
        // Not /proc/PID/ns/net: pasta first gives up what it takes to open that.
        let network = format!("/proc/self/fd/{network}");
        let text = match self {
            Self::Slirp4netns(_) => format!(
                "--configure --mtu=65520 --disable-host-loopback --enable-sandbox --ready-fd={ready} \
                 --netns-type=path {network} {}",
                tap::NAME
            ),
            Self::Pasta(_) => format!(
                "--foreground --quiet --config-net --no-map-gw --runas 0:0 --dns-forward {NAME_SERVER} \
                 -t none -u none -T none -U none --pid /proc/self/fd/{ready} --netns-only --netns {network}"
            ),
        };
        text.split_whitespace().map(str::to_owned).collect()
    }

    /// Connects the network of the process `container`; returns the helper's process when
    /// packets can leave. It is killed when this process ends. `log` takes what it prints.
    ///
    /// # Errors
    /// [`Error::NoOutboundNetwork`] with the helper's last line, if it ends before that.
    pub(crate) fn connect_network(&self, container: Pid, log: &Path) -> Result<PidFd> {
        let path = format!("/proc/{container}/ns/net");
        let network = File::open(&path).context("open", &path)?;
        // pasta makes one like the host's.
        if let Self::Slirp4netns(_) = self {
            tap::create(&network).map_err(|error| Error::NoOutboundNetwork(error.to_string()))?;
        }
        let (ready, report_ready) = pipe2(OFlag::O_CLOEXEC).call("pipe2")?;
        let child = self.spawn(network.into(), report_ready, log)?;
        match File::from(ready).read_exact(&mut [0]) {
            Ok(()) => Ok(child),
            Err(_) => Err(self.startup_error(log)),
        }
    }

    fn spawn(&self, network: OwnedFd, ready: OwnedFd, log: &Path) -> sys::Result<PidFd> {
        for inherited in [&network, &ready] {
            fcntl(inherited, FcntlArg::F_SETFD(FdFlag::empty())).call("fcntl")?;
        }
        let output = File::create(log).context("open", log)?;
        let mut command = Command::new(self.program());
        command.args(self.arguments(network.as_raw_fd(), ready.as_raw_fd())).stdin(Stdio::null());
        command.stdout(output.try_clone().context("open", log)?).stderr(output);
        // ^C at the terminal is for the container.
        command.process_group(0);
        let monitor = getpid();
        // SAFETY: two system calls, which neither allocate nor take a lock.
        unsafe { command.pre_exec(move || sys::die_with_parent(monitor)) };
        let child = command.spawn().context("run", self.program())?;
        open_child(Pid::from_raw(child.id().cast_signed()))
    }

    fn startup_error(&self, log: &Path) -> Error {
        let output = fs::read_to_string(log).unwrap_or_default();
        let last = output.lines().last().unwrap_or("ended at once");
        Error::NoOutboundNetwork(format!("{}: {last}", self.program().display()))
    }
}
