//! Chapter 6 on the command line: a publisher, the smallest monitor, and two questions to it.

use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use nix::fcntl::FlockArg;
use nix::sys::signal::Signal;
use run::{Container, LOCK, Port, Result, listen, load, process, publish, save, status, stop};
use sys::Context;

const USAGE: &str = "usage: run publish PID HOST-PORT CONTAINER-PORT …    carry connections into PID's network
       run monitor DIRECTORY PROGRAM [ARGUMENT]…     start a program and record its life
       run status DIRECTORY                          tell whether it runs
       run stop DIRECTORY SIGNAL MILLISECONDS        ask, wait, insist";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["publish", pid, ports @ ..] => run_publish(pid, ports),
        ["monitor", directory, program, arguments @ ..] => run_monitor(Path::new(directory), program, arguments),
        ["status", directory] => {
            let directory = Path::new(directory);
            load(directory).and_then(|container| status(directory, &container)).map(|status| println!("{status:?}"))
        }
        ["stop", directory, signal, grace] => run_stop(Path::new(directory), signal, grace),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("run: {error}");
            ExitCode::from(125)
        }
    }
}

fn run_publish(pid: &str, ports: &[&str]) -> Result<()> {
    let numbers: Vec<u16> = ports.iter().filter_map(|text| text.parse().ok()).collect();
    let port = |pair: &[u16]| Port { host: (Ipv4Addr::LOCALHOST, pair[0]).into(), container: pair[1] };
    let listeners = listen(&numbers.chunks_exact(2).map(port).collect::<Vec<_>>())?;
    let path = format!("/proc/{pid}/ns/net");
    let namespace = File::open(&path).context("open", &path)?;
    println!("listening");
    publish(listeners, &namespace)
}

/// The smallest monitor: it has nothing but a record and a lock.
fn run_monitor(directory: &Path, program: &str, arguments: &[&str]) -> Result<()> {
    fs::create_dir_all(directory).context("mkdir", directory)?;
    let _lock = sys::lock(&directory.join(LOCK), FlockArg::LockExclusive)?;
    let mut child = Command::new(program).args(arguments).spawn().context("run", program)?;
    let pid = Some(child.id().cast_signed());
    let mut container = Container { name: directory.display().to_string(), pid, ..Container::default() };
    save(directory, &container)?;
    let ended = child.wait().context("wait", program)?;
    container.exit_code = Some(ended.code().unwrap_or_else(|| 128 + ended.signal().unwrap_or_default()) as u8);
    save(directory, &container)
}

fn run_stop(directory: &Path, signal: &str, grace: &str) -> Result<()> {
    let (signal, grace) = (signal.parse().unwrap_or(Signal::SIGTERM), grace.parse().unwrap_or_default());
    let process = process(directory, &load(directory)?)?;
    let by_itself = stop(&process, signal, Duration::from_millis(grace))?;
    println!("{}", if by_itself { "ended" } else { "killed" });
    Ok(())
}
