//! What the probe can do, so that a check sees a limit take effect.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{fs, io};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{SigHandler, SigSet, Signal, raise};

use crate::answer::{Answer, pair, signal};
use crate::network::Interface;
use crate::{call, processes, terminal};

/// Performs `key`, or answers `None` if there is no such action.
pub fn perform(key: &str, argument: &str) -> Option<Answer> {
    let number = || argument.parse::<u64>().unwrap_or(0);
    Some(match key {
        "signal" => signal(argument).map(|signal| format!("raised: {:?}", raise(signal))).map_err(Into::into),
        "hold" => hold(),
        "memory" => Ok(touch_memory(number())),
        "forks" => Ok(fork_until_refused(number())),
        "spin" => spin(Duration::from_millis(number())),
        "ignore" => ignore(argument),
        "serve" => serve(argument),
        "connect" => connect(argument),
        "write" => write(argument),
        "copy" => copy(argument),
        "line" => line(),
        "resized" => terminal::resized(),
        "await" => await_signal(argument),
        "leave" => processes::leave(number() as u32),
        "pause" => processes::pause_for(number() as u32),
        "orphans" => processes::orphans(number() as usize),
        "escape" => escape(),
        "loopback" => loopback(),
        "call" => Ok(call::make(argument)),
        "call32" => Ok(call::make_32(number())),
        "device" => Ok(call::open_device(argument)),
        "key" => Ok(call::find_key(argument)),
        "sethostname" => Ok(format!("{:?}", nix::unistd::sethostname(argument))),
        _ => return None,
    })
}

/// Stands in for an image's shell: it executes nothing, and leaves a file whose content is
/// new each time, so that a check can tell a second run from the first.
pub fn as_shell() -> ExitCode {
    match copy("/proc/sys/kernel/random/uuid=/shell-was-here") {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Waits until standard input ends.
fn hold() -> Answer {
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok("released".into())
}

/// Reads one line of standard input.
fn line() -> Answer {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

/// Allocates `mebibytes` one at a time and writes to every page of each.
fn touch_memory(mebibytes: u64) -> String {
    let mut held: Vec<Vec<u8>> = Vec::new();
    for _ in 0..mebibytes {
        let mut block = vec![0_u8; 1 << 20];
        block.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
        held.push(std::hint::black_box(block));
    }
    // Kept, so that a request that follows finds the memory in use.
    format!("touched {} MiB", held.leak().len())
}

/// Starts up to `most` children that live until all are started; reports how
/// many the kernel allowed.
fn fork_until_refused(most: u64) -> String {
    let mut children: Vec<Child> = Vec::new();
    let mut refused = String::from("never refused");
    for _ in 0..most {
        // The children hold on a pipe from this process, so none ends early.
        match Command::new("/proc/self/exe").arg("hold").stdin(Stdio::piped()).stdout(Stdio::null()).spawn() {
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
fn spin(time: Duration) -> Answer {
    let end = Instant::now() + time;
    while Instant::now() < end {
        std::hint::black_box(0_u64);
    }
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let (user, system) = (usage.user_time(), usage.system_time());
    let milliseconds = (user.tv_sec() + system.tv_sec()) * 1000 + (user.tv_usec() + system.tv_usec()) / 1000;
    Ok(format!("{milliseconds} ms"))
}

/// `FROM=TO`: copies a file's bytes; `/proc` has files that differ every time.
fn copy(argument: &str) -> Answer {
    let (from, to) = pair(argument, "FROM=TO")?;
    fs::write(to, fs::read(from)?)?;
    Ok("ok".into())
}

/// `PATH=TEXT`: writes the text to the file.
fn write(argument: &str) -> Answer {
    let (path, text) = pair(argument, "PATH=TEXT")?;
    fs::write(path, text)?;
    Ok("ok".into())
}

/// Waits for a signal by name, three seconds at most. Until then it is blocked.
fn await_signal(name: &str) -> Answer {
    let set = SigSet::from_iter([signal(name)?, Signal::SIGALRM]);
    set.thread_block()?;
    println!("ready {name}");
    nix::unistd::alarm::set(3);
    Ok(match set.wait()? {
        Signal::SIGALRM => "not received in 3 s".into(),
        signal => format!("received {signal}"),
    })
}

/// The way out of a chroot: a second one below, and `..` from outside of it.
fn escape() -> Answer {
    use nix::unistd::{UnlinkatFlags, chdir, chroot, mkdir, unlinkat};
    mkdir("probe-escape", nix::sys::stat::Mode::S_IRWXU)?;
    let entered = chroot("probe-escape");
    unlinkat(nix::fcntl::AT_FDCWD, "probe-escape", UnlinkatFlags::RemoveDir)?;
    entered?;
    for _ in 0..1024 {
        chdir("..")?;
    }
    chroot(".")?;
    Ok("done".into())
}

/// Sends a byte to itself through 127.0.0.1.
fn loopback() -> Answer {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    TcpStream::connect(listener.local_addr()?)?.write_all(b"7")?;
    let mut byte = [0];
    listener.accept()?.0.read_exact(&mut byte)?;
    Ok(format!("received {}", char::from(byte[0])))
}

/// From now on, a signal by name does nothing.
fn ignore(name: &str) -> Answer {
    // SAFETY: no handler is installed, the signal is only ignored.
    let result = unsafe { nix::sys::signal::signal(signal(name)?, SigHandler::SigIgn) };
    Ok(format!("{:?}", result.map(drop)))
}

/// `PORT=TEXT`: brings `lo` up, listens on 127.0.0.1, and answers each line of each
/// connection, and what comes after the last line, with TEXT and what was sent.
/// A client that sends nothing blocks no other client. Never ends.
fn serve(argument: &str) -> Answer {
    let (port, text) = pair(argument, "PORT=TEXT")?;
    Interface::new("lo").and_then(|mut lo| lo.bring_up()).map_err(|error| format!("lo: {error}"))?;
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("serve listening");
    for stream in listener.incoming().flatten() {
        let text = text.to_owned();
        std::thread::spawn(move || {
            if let Err(error) = answer(&stream, &text) {
                eprintln!("probe: {error}");
            }
        });
    }
    Ok(String::new())
}

fn answer(mut stream: &TcpStream, text: &str) -> io::Result<()> {
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    while lines.read_line(&mut line)? > 0 {
        write!(stream, "{text} {line}")?;
        line.clear();
    }
    Ok(())
}

/// Connects to ADDRESS:PORT, and reports what the server there sends.
fn connect(address: &str) -> Answer {
    Ok(io::read_to_string(TcpStream::connect(address)?)?)
}
