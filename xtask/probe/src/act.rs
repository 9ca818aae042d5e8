//! What the probe can do, so that a check sees a limit bite.

use std::io::Read;
use std::process::{Child, Command, ExitCode};
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal, raise};

use crate::network::Interface;
use crate::{family, terminal};

/// How a request ended: with something to report, or with the end of the probe.
pub enum Outcome {
    Value(String),
    Exit(u8),
}

/// Performs `key`, or answers `None` if there is no such action.
pub fn perform(key: &str, argument: &str) -> Option<Outcome> {
    let number = || argument.parse::<u64>().unwrap_or(0);
    Some(match key {
        "exit" => Outcome::Exit(number() as u8),
        "signal" => Outcome::Value(kill_self(argument)),
        "hold" => Outcome::Value(hold()),
        "memory" => Outcome::Value(touch_memory(number())),
        "forks" => Outcome::Value(fork_until_refused(number())),
        "spin" => Outcome::Value(spin(Duration::from_millis(number()))),
        "ignore" => Outcome::Value(ignore(argument)),
        "serve" => Outcome::Value(serve(argument)),
        "connect" => Outcome::Value(connect(argument).unwrap_or_else(|error| format!("error: {error}"))),
        "write" => Outcome::Value(write(argument)),
        "copy" => Outcome::Value(copy(argument)),
        "line" => Outcome::Value(line()),
        "resized" => Outcome::Value(terminal::resized()),
        "await" => Outcome::Value(await_signal(argument)),
        "leave" => Outcome::Value(family::leave(number() as u32)),
        "pause" => Outcome::Value(family::pause_for(number() as u32)),
        "orphans" => Outcome::Value(family::orphans(number() as usize)),
        "escape" => Outcome::Value(escape().map_or_else(|errno| format!("error: {errno}"), |()| "done".into())),
        "loopback" => Outcome::Value(loopback().unwrap_or_else(|error| format!("error: {error}"))),
        "sethostname" => Outcome::Value(format!("{:?}", nix::unistd::sethostname(argument))),
        _ => return None,
    })
}

/// What a check puts in the place of an image's shell: it carries nothing out, and
/// leaves a file that is never the same, so that a second run can be told.
pub fn as_shell() -> ExitCode {
    let note = "/proc/sys/kernel/random/uuid=/shell-was-here";
    if copy(note).starts_with("error") { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Ends the process by a signal, by name (`SIGTERM`).
fn kill_self(name: &str) -> String {
    match name.parse::<Signal>() {
        Ok(signal) => format!("raised: {:?}", raise(signal)),
        Err(_) => "error: no such signal".into(),
    }
}

/// Waits until standard input ends.
fn hold() -> String {
    let mut sink = Vec::new();
    match std::io::stdin().read_to_end(&mut sink) {
        Ok(_) => "released".into(),
        Err(error) => format!("error: {error}"),
    }
}

/// Reads one line of standard input.
fn line() -> String {
    let mut line = String::new();
    match std::io::stdin().read_line(&mut line) {
        Ok(_) => line.trim_end().to_owned(),
        Err(error) => format!("error: {error}"),
    }
}

/// Allocates `mebibytes` one at a time and writes to every page of each.
fn touch_memory(mebibytes: u64) -> String {
    let mut held: Vec<Vec<u8>> = Vec::new();
    for _ in 0..mebibytes {
        let mut block = vec![0_u8; 1 << 20];
        block.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
        held.push(std::hint::black_box(block));
    }
    format!("touched {} MiB", held.len())
}

/// Starts up to `most` children that live until all are started; reports how
/// many the kernel allowed.
fn fork_until_refused(most: u64) -> String {
    let mut children: Vec<Child> = Vec::new();
    let mut refused = String::from("never refused");
    for _ in 0..most {
        // The children hold on a pipe from this process, so none ends early.
        match Command::new("/proc/self/exe")
            .arg("hold")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
        {
            Ok(child) => children.push(child),
            Err(error) => {
                refused = format!("refused: {error}");
                break;
            }
        }
    }
    let count = children.len();
    for mut child in children {
        drop(child.stdin.take());
        let _ = child.wait();
    }
    format!("started {count}, {refused}")
}

/// Computes for `time` of wall clock and reports the CPU time it was given, in ms.
fn spin(time: Duration) -> String {
    let end = Instant::now() + time;
    while Instant::now() < end {
        std::hint::black_box(0_u64);
    }
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF);
    match usage {
        Ok(usage) => {
            let (user, system) = (usage.user_time(), usage.system_time());
            let milliseconds = (user.tv_sec() + system.tv_sec()) * 1000 + (user.tv_usec() + system.tv_usec()) / 1000;
            format!("{milliseconds} ms")
        }
        Err(errno) => format!("error: {errno}"),
    }
}

/// `FROM=TO`: copies a file's bytes; `/proc` has some that differ every time.
fn copy(argument: &str) -> String {
    let Some((from, to)) = argument.split_once('=') else { return "error: FROM=TO".into() };
    match std::fs::read(from).and_then(|bytes| std::fs::write(to, bytes)) {
        Ok(()) => "ok".into(),
        Err(error) => format!("error: {error}"),
    }
}

/// `PATH=TEXT`: writes the text to the file.
fn write(argument: &str) -> String {
    let Some((path, text)) = argument.split_once('=') else { return "error: PATH=TEXT".into() };
    match std::fs::write(path, text) {
        Ok(()) => "ok".into(),
        Err(error) => format!("error: {error}"),
    }
}

/// Waits for a signal by name, three seconds at most. Until then it is blocked.
fn await_signal(name: &str) -> String {
    let Ok(signal) = name.parse::<Signal>() else { return "error: no such signal".into() };
    let set = SigSet::from_iter([signal, Signal::SIGALRM]);
    if let Err(errno) = set.thread_block() {
        return format!("error: {errno}");
    }
    println!("ready {name}");
    nix::unistd::alarm::set(3);
    match set.wait() {
        Ok(Signal::SIGALRM) => "not received in 3 s".into(),
        Ok(signal) => format!("received {signal}"),
        Err(errno) => format!("error: {errno}"),
    }
}

/// The way out of a chroot: a second one below, and `..` from outside of it.
fn escape() -> nix::Result<()> {
    use nix::unistd::{UnlinkatFlags, chdir, chroot, mkdir, unlinkat};
    mkdir("probe-escape", nix::sys::stat::Mode::S_IRWXU)?;
    let entered = chroot("probe-escape");
    unlinkat(nix::fcntl::AT_FDCWD, "probe-escape", UnlinkatFlags::RemoveDir)?;
    entered?;
    for _ in 0..1024 {
        chdir("..")?;
    }
    chroot(".")
}

/// Sends a byte to itself through 127.0.0.1.
fn loopback() -> std::io::Result<String> {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut sender = TcpStream::connect(listener.local_addr()?)?;
    sender.write_all(b"7")?;
    let mut byte = [0];
    listener.accept()?.0.read_exact(&mut byte)?;
    Ok(format!("received {}", char::from(byte[0])))
}

/// From now on, a signal by name does nothing.
fn ignore(name: &str) -> String {
    use nix::sys::signal::{SigHandler, signal};
    match name.parse::<Signal>() {
        // SAFETY: no handler is installed, the signal is only ignored.
        Ok(name) => format!("{:?}", unsafe { signal(name, SigHandler::SigIgn) }.map(drop)),
        Err(_) => "error: no such signal".into(),
    }
}

/// `PORT=TEXT`: brings `lo` up, listens on 127.0.0.1, and answers each line of each
/// connection, and what comes after the last line, with TEXT and what it sent.
/// A client that says nothing keeps nobody waiting. Never ends.
fn serve(argument: &str) -> String {
    use std::net::TcpListener;
    let Some((port, text)) = argument.split_once('=') else { return "error: PORT=TEXT".into() };
    if let Err(error) = Interface::new("lo").and_then(|mut interface| interface.bring_up()) {
        return format!("error: lo: {error}");
    }
    let listener = match TcpListener::bind(format!("127.0.0.1:{port}")) {
        Ok(listener) => listener,
        Err(error) => return format!("error: {error}"),
    };
    println!("serve listening");
    for stream in listener.incoming().flatten() {
        let text = text.to_owned();
        std::thread::spawn(move || {
            if let Err(error) = answer(&stream, &text) {
                eprintln!("probe: {error}");
            }
        });
    }
    String::new()
}

/// Connects to ADDRESS:PORT, and tells what the server there says.
fn connect(address: &str) -> std::io::Result<String> {
    let mut stream = std::net::TcpStream::connect(address)?;
    let mut said = String::new();
    stream.read_to_string(&mut said)?;
    Ok(said)
}

fn answer(mut stream: &std::net::TcpStream, text: &str) -> std::io::Result<()> {
    use std::io::{BufRead, BufReader, Write};
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    while lines.read_line(&mut line)? > 0 {
        write!(stream, "{text} {line}")?;
        line.clear();
    }
    Ok(())
}
