//! Given: the way out of a private network.
//!
//! A new network namespace has no cable. slirp4netns(1) and pasta(1) put a network
//! card into it whose other end is a program: what the container sends, that program
//! sends again through ordinary sockets of the host. No root, no bridge, no firewall.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getpid, getppid, pipe2};

use crate::card::{self, TUN};
use crate::error::{Error, Result};

/// Where names are asked for inside; the helper asks the host's name server.
const NAME_SERVER: &str = "10.0.2.3";

/// A program that carries a container's packets, found and permitted.
#[derive(Clone, Debug)]
pub enum Helper {
    Slirp4netns(PathBuf),
    Pasta(PathBuf),
}

impl Helper {
    /// Looks for what outbound connections need.
    ///
    /// # Errors
    /// [`Error::NoWayOut`] with what is missing. A container runs without, too.
    pub fn find() -> Result<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let find =
            |name| std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file());
        let helper = find("slirp4netns").map(Self::Slirp4netns).or_else(|| find("pasta").map(Self::Pasta));
        let missing = "neither slirp4netns nor pasta is installed (Debian: apt-get install slirp4netns)";
        let helper = helper.ok_or_else(|| Error::NoWayOut(missing.to_owned()))?;
        match OpenOptions::new().read(true).write(true).open(TUN) {
            Ok(_) => Ok(helper),
            Err(error) => Err(Error::NoWayOut(format!("{} cannot open {TUN}: {error}", helper.program().display()))),
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
        // Not /proc/PID/ns/net: pasta gives up first what it takes to open that.
        let network = format!("/proc/self/fd/{network}");
        let text = match self {
            Self::Slirp4netns(_) => format!(
                "--configure --mtu=65520 --disable-host-loopback --enable-sandbox --ready-fd={ready} \
                 --netns-type=path {network} {}",
                card::NAME
            ),
            Self::Pasta(_) => format!(
                "--foreground --quiet --config-net --no-map-gw --runas 0:0 --dns-forward {NAME_SERVER} \
                 -t none -u none -T none -U none --pid /proc/self/fd/{ready} --netns-only --netns {network}"
            ),
        };
        text.split_whitespace().map(str::to_owned).collect()
    }

    /// Connects the network of the process `container`; returns the helper's process
    /// when packets can leave. It ends with this process, even if that is killed.
    /// `log` takes what it prints.
    ///
    /// # Errors
    /// [`Error::NoWayOut`] with the helper's last words, if it ends before that.
    pub fn connect(&self, container: Pid, log: &Path) -> Result<Pid> {
        let path = PathBuf::from(format!("/proc/{container}/ns/net"));
        let network = File::open(&path).map_err(Error::file("open", &path))?;
        // pasta makes one as the host's is.
        if let Self::Slirp4netns(_) = self {
            card::put_into(&network).map_err(|error| Error::NoWayOut(error.to_string()))?;
        }
        let network = OwnedFd::from(network);
        let (ready, says_ready) = pipe2(OFlag::O_CLOEXEC).map_err(Error::call("pipe2"))?;
        for inherited in [&network, &says_ready] {
            fcntl(inherited, FcntlArg::F_SETFD(FdFlag::empty())).map_err(Error::call("fcntl"))?;
        }
        let words = File::create(log).map_err(Error::file("create", log))?;
        let mut command = Command::new(self.program());
        command.args(self.arguments(network.as_raw_fd(), says_ready.as_raw_fd())).stdin(Stdio::null());
        command.stdout(words.try_clone().map_err(Error::file("open", log))?).stderr(words);
        // ^C at the terminal is for the container.
        command.process_group(0);
        let monitor = getpid();
        // SAFETY: two system calls, which neither allocate nor take a lock.
        unsafe { command.pre_exec(move || end_with(monitor)) };
        let child = command.spawn().map_err(Error::file("run", self.program()))?;
        drop((command, network, says_ready));
        match File::from(ready).read_exact(&mut [0]) {
            Ok(()) => Ok(Pid::from_raw(child.id().cast_signed())),
            Err(_) => Err(self.last_words(log)),
        }
    }

    fn last_words(&self, log: &Path) -> Error {
        let words = fs::read_to_string(log).unwrap_or_default();
        let last = words.lines().last().unwrap_or("ended at once");
        Error::NoWayOut(format!("{}: {last}", self.program().display()))
    }
}

/// Asks the kernel to kill this process when its parent ends.
fn end_with(parent: Pid) -> io::Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    // Ended before that call, the parent sends nothing any more.
    if getppid() == parent { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
}

/// What `/etc/resolv.conf` says inside: the host's own, and with a way out the name
/// server at the other end of it. The host's may be at 127.0.0.1, which is another
/// place inside.
pub fn resolv_conf(hosts: &str, way_out: bool) -> String {
    if !way_out {
        return hosts.to_owned();
    }
    let kept = hosts.lines().filter(|line| !line.trim_start().starts_with("nameserver"));
    [format!("nameserver {NAME_SERVER}").as_str()]
        .into_iter()
        .chain(kept)
        .fold(String::new(), |text, line| text + line + "\n")
}

#[cfg(test)]
mod tests {
    use super::resolv_conf;

    #[test]
    fn a_way_out_has_a_name_server_of_its_own() {
        let hosts = "nameserver 127.0.0.53\nnameserver 1.1.1.1\nsearch lan\noptions edns0\n";
        assert_eq!(resolv_conf(hosts, false), hosts);
        assert_eq!(resolv_conf(hosts, true), "nameserver 10.0.2.3\nsearch lan\noptions edns0\n");
        assert_eq!(resolv_conf("", true), "nameserver 10.0.2.3\n");
    }
}
