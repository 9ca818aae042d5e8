//! Chapter 6 on the command line, one step at a time:
//!
//! ```text
//! run publish PID HOST-PORT CONTAINER-PORT …    carry connections into PID's network
//! run stop PID SIGNAL MILLISECONDS              ask, wait, insist
//! ```

use std::fs::File;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Duration;

use nix::sys::signal::Signal;
use run::{Error, Port, Result, listen, pidfd, publish, stop};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["publish", pid, ports @ ..] if !ports.is_empty() && ports.len() % 2 == 0 => run_publish(pid, ports),
        ["stop", pid, signal, grace] => run_stop(pid, signal, grace),
        _ => {
            eprintln!("usage: run publish PID HOST-PORT CONTAINER-PORT … | run stop PID SIGNAL MILLISECONDS");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("run: {error}");
            ExitCode::from(error.code())
        }
    }
}

fn run_publish(pid: &str, numbers: &[&str]) -> Result<()> {
    let ports: Vec<Port> = numbers.chunks(2).map(port).collect::<Result<_>>()?;
    let path = std::path::PathBuf::from(format!("/proc/{pid}/ns/net"));
    let listeners = listen(&ports)?;
    let namespace = File::open(&path).map_err(Error::file("open", &path))?;
    println!("listening");
    publish(listeners, &namespace)
}

/// One port of the host's loopback address, and the container's.
fn port(pair: &[&str]) -> Result<Port> {
    match pair.iter().map(|text| text.parse::<u16>()).collect::<std::result::Result<Vec<_>, _>>().as_deref() {
        Ok([host, container]) => Ok(Port { host: (Ipv4Addr::LOCALHOST, *host).into(), container: *container }),
        _ => Err(Error::Port { text: pair.join(":"), reason: "a port is a number" }),
    }
}

fn run_stop(pid: &str, signal: &str, grace: &str) -> Result<()> {
    let (Ok(pid), Ok(signal), Ok(grace)) = (pid.parse(), signal.parse::<Signal>(), grace.parse()) else {
        return Err(Error::NoContainer(pid.to_owned()));
    };
    let Some(process) = pidfd::open(pid)? else { return Err(Error::NoContainer(pid.to_string())) };
    let by_itself = stop(process.as_fd(), signal, Duration::from_millis(grace))?;
    println!("{}", if by_itself { "ended" } else { "killed" });
    Ok(())
}
