//! What the probe can do to its relatives, so that a check sees process 1 at work.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, alarm, fork, pause, pipe};

/// Makes `count` processes that lose their parent and then end, and reports how
/// many of them somebody has waited for.
pub fn orphans(count: u64) -> String {
    let pids: nix::Result<Vec<Pid>> = (0..count).map(|_| orphan()).collect();
    let pids = match pids {
        Ok(pids) => pids,
        Err(errno) => return format!("error: {errno}"),
    };
    // The kernel tells nobody but the parent when a process is reaped, so ask
    // until it is so. Process 1 has two seconds to do what takes microseconds.
    let end = Instant::now() + Duration::from_secs(2);
    let zombies = || pids.iter().filter(|pid| kill(**pid, None) != Err(Errno::ESRCH)).count();
    while zombies() > 0 && Instant::now() < end {
        std::thread::yield_now();
    }
    match zombies() {
        0 => format!("all {count} reaped"),
        left => format!("{left} of {count} still there, as zombies"),
    }
}

/// One orphan that has ended. Its pid comes through a pipe, whose end says that
/// the process has ended too.
fn orphan() -> nix::Result<Pid> {
    let (from, to) = pipe()?;
    // SAFETY: the probe has one thread.
    match unsafe { fork()? } {
        ForkResult::Child => {
            drop(from);
            // SAFETY: as above. Whichever of the two this is, it ends here.
            if let Ok(ForkResult::Child) = unsafe { fork() } {
                tell_pid(to);
            }
            end()
        }
        ForkResult::Parent { child } => {
            drop(to);
            waitpid(child, None)?;
            let mut number = String::new();
            File::from(from).read_to_string(&mut number).map_err(|_| Errno::EIO)?;
            number.parse().map(Pid::from_raw).map_err(|_| Errno::EIO)
        }
    }
}

fn tell_pid(to: OwnedFd) {
    // A parent that reads nothing reports the fault.
    let _ = write!(File::from(to), "{}", std::process::id());
}

fn end() -> ! {
    // SAFETY: ends the process without touching its memory.
    unsafe { nix::libc::_exit(0) }
}

/// Leaves a child behind that would live for `seconds`, and then says so.
pub fn leave(seconds: u32) -> String {
    // SAFETY: the probe has one thread.
    match unsafe { fork() } {
        Ok(ForkResult::Child) => {
            pause_for(seconds);
            println!("left outlived process 1");
            end()
        }
        Ok(ForkResult::Parent { .. }) => "left".into(),
        Err(errno) => format!("error: {errno}"),
    }
}

/// Does nothing for `seconds`, unless a signal ends the probe before.
pub fn pause_for(seconds: u32) -> String {
    use nix::sys::signal::{SigHandler, Signal, signal};
    // With a handler the alarm ends the pause and not the process.
    extern "C" fn nothing(_: nix::libc::c_int) {}
    // SAFETY: a handler that does nothing is safe at any moment.
    if let Err(errno) = unsafe { signal(Signal::SIGALRM, SigHandler::Handler(nothing)) } {
        return format!("error: {errno}");
    }
    alarm::set(seconds);
    pause();
    "still here".into()
}
