//! What the probe can do with child processes, so that a check sees process 1 at work.

use std::fs::File;
use std::io::Read;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, alarm, fork, pause, pipe};

use crate::answer::Answer;

/// Makes `count` processes that lose their parent and then all end at once, and
/// reports how many of them somebody has waited for.
pub fn orphans(count: usize) -> Answer {
    let pids = make_orphans(count)?;
    // The kernel notifies only the parent when a process is reaped, so ask
    // until it is so. Process 1 has two seconds to do what takes microseconds.
    let end = Instant::now() + Duration::from_secs(2);
    let zombies = || pids.iter().filter(|pid| kill(**pid, None) != Err(Errno::ESRCH)).count();
    while zombies() > 0 && Instant::now() < end {
        std::thread::yield_now();
    }
    Ok(match zombies() {
        0 => format!("all {count} reaped"),
        left => format!("{left} of {count} still there, as zombies"),
    })
}

/// The pids of orphans that have ended.
///
/// Each tells its pid through one pipe and then reads from another, the gate,
/// until that is closed. The end of the first pipe says that all have ended.
fn make_orphans(count: usize) -> nix::Result<Vec<Pid>> {
    let (gate, open) = pipe()?;
    let (from, to) = pipe()?;
    for _ in 0..count {
        // SAFETY: the probe has one thread.
        match unsafe { fork()? } {
            ForkResult::Child => {
                // SAFETY: as above. Whichever of the two this is, it ends here.
                if let Ok(ForkResult::Child) = unsafe { fork() } {
                    drop((from, open));
                    // What fails here shows as a pid that is missing.
                    let _ = nix::unistd::write(&to, &std::process::id().to_le_bytes());
                    let _ = nix::unistd::read(&gate, &mut [0]);
                }
                end()
            }
            ForkResult::Parent { child } => waitpid(child, None)?,
        };
    }
    drop((to, gate));
    let mut from = File::from(from);
    let mut numbers = vec![0; count * size_of::<i32>()];
    from.read_exact(&mut numbers).map_err(|_| Errno::EIO)?;
    drop(open);
    from.read_to_end(&mut Vec::new()).map_err(|_| Errno::EIO)?;
    let pid = |bytes: &[u8]| Pid::from_raw(bytes.iter().rev().fold(0, |number, byte| number << 8 | i32::from(*byte)));
    Ok(numbers.chunks(size_of::<i32>()).map(pid).collect())
}

fn end() -> ! {
    // SAFETY: ends the process without touching its memory.
    unsafe { nix::libc::_exit(0) }
}

/// Leaves a child behind that would live for `seconds`, and then says so.
pub fn leave(seconds: u32) -> Answer {
    // SAFETY: the probe has one thread.
    if let ForkResult::Child = unsafe { fork()? } {
        let _ = pause_for(seconds);
        println!("left outlived process 1");
        end()
    }
    Ok("left".into())
}

/// Does nothing for `seconds`, unless a signal ends the probe before.
pub fn pause_for(seconds: u32) -> Answer {
    use nix::sys::signal::{SigHandler, Signal, signal};
    // With a handler the alarm ends the pause and not the process.
    extern "C" fn nothing(_: nix::libc::c_int) {}
    // SAFETY: a handler that does nothing is safe at any moment.
    unsafe { signal(Signal::SIGALRM, SigHandler::Handler(nothing))? };
    alarm::set(seconds);
    pause();
    Ok("still here".into())
}
