//! The two ways to run a container: attached to the caller, and detached.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use nix::fcntl::OFlag;
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout, pipe2, setsid};
use run::listen;
use sys::Context;
use sys::StartError;

use crate::containers::Containers;
use crate::error::{Error, Result};
use crate::id::new_id;
use crate::monitor::{Listeners, Monitor};
use crate::settings::{Root, Settings};

/// Runs a container and waits for it; returns its exit code.
///
/// The caller has a mount namespace of its own ([`namespaces::unshare_mounts`]) and one
/// thread.
///
/// # Errors
/// [`run::Error::Listen`] before there is a container; [`Error::code`] is the exit code of
/// each.
pub fn run_attached(containers: &Containers, settings: &Settings, root: &Root) -> Result<u8> {
    let listeners = listen(&settings.ports)?;
    let id = new_id()?;
    Monitor { containers, id: &id, settings, root }.run(listeners, || Ok(()), || Ok(()))
}

/// Starts a container in the background; returns its id as soon as its program runs. A
/// process stays behind as the container's monitor. The caller is as for [`run_attached`].
///
/// # Errors
/// Those of [`run_attached`]; [`Error::NoStartResult`].
pub fn run_detached(containers: &Containers, settings: &Settings, root: &Root) -> Result<String> {
    let listeners = listen(&settings.ports)?;
    let id = new_id()?;
    let (result, report) = pipe2(OFlag::O_CLOEXEC).call("pipe2")?;
    let monitor = Monitor { containers, id: &id, settings, root };
    // In the parent, the closure is dropped uncalled, and the child's end of the pipe with it.
    sys::fork(move || run_in_background(&monitor, listeners, report))?;
    read_start_result(result)?;
    Ok(id)
}

/// The monitor's life in the background. It has no terminal, and nothing to report to
/// but the pipe, and that only until the program runs.
fn run_in_background(monitor: &Monitor, listeners: Listeners, report: OwnedFd) -> u8 {
    let report = File::from(report);
    let log = monitor.containers.directory(monitor.id).join("log");
    let started = || Ok(writeln!(&report, "0").call("write")?);
    match monitor.run(listeners, || Ok(daemonize(&log)?), started) {
        Ok(code) => code,
        Err(error) => {
            // If nobody reads any more, the exit code is all that can still be reported.
            let _ = writeln!(&report, "{} {error}", error.code());
            error.code()
        }
    }
}

/// What the monitor reports: `0`, or an exit code and a message.
fn read_start_result(result: OwnedFd) -> Result<()> {
    let mut line = String::new();
    BufReader::new(File::from(result)).read_line(&mut line).call("read")?;
    match line.trim_end().split_once(' ') {
        None if line.starts_with('0') => Ok(()),
        None => Err(Error::NoStartResult),
        Some((code, message)) => {
            Err(StartError { message: message.to_owned(), code: code.parse().unwrap_or(125) }.into())
        }
    }
}

/// Leaves galley's session and terminal; what the container prints goes to the log.
fn daemonize(log: &Path) -> sys::Result<()> {
    setsid().call("setsid")?;
    let null = File::open("/dev/null").context("open", "/dev/null")?;
    let log_file = OpenOptions::new().create(true).append(true).open(log).context("open", log)?;
    dup2_stdin(&null).call("dup2")?;
    dup2_stdout(&log_file).and_then(|()| dup2_stderr(&log_file)).call("dup2")
}
