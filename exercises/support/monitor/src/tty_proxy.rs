//! The process that copies between the container's terminal and galley's.

use std::fs::File;
use std::io::{IsTerminal, Read, Write, stderr, stdin, stdout};
use std::os::fd::AsFd;
use std::sync::mpsc;
use std::thread;

use nix::sys::signal::{SigSet, Signal};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize};
use sys::{Context, PidFd};

use crate::error::{Result, errno};
use crate::helper::open_child;

/// The proxy, as galley's main process sees it.
///
/// It is a process of its own, so that even a `kill -9` of galley gives the terminal
/// back: the container ends then, and the proxy sees that and restores it.
#[derive(Debug)]
pub(crate) struct TtyProxy {
    process: PidFd,
    /// Restores the terminal even if the proxy was killed.
    raw: Option<RawModeGuard>,
}

impl TtyProxy {
    /// Starts to copy between `master` and galley's terminal; from the terminal only with
    /// `input`.
    ///
    /// # Errors
    /// The system call that failed.
    pub(crate) fn start(master: &File, input: bool) -> Result<Self> {
        let raw = if input { RawModeGuard::new()? } else { None };
        let child = sys::fork(|| {
            let result = copy_both_ways(master, input);
            if let Some(raw) = &raw {
                raw.restore();
            }
            if let Err(error) = &result {
                eprintln!("galley: the terminal is lost: {error}");
            }
            u8::from(result.is_err())
        })?;
        Ok(Self { process: open_child(child)?, raw })
    }

    /// Waits until all that the container printed has been shown, and gives the terminal
    /// back. Called when the container has ended.
    ///
    /// # Errors
    /// waitid(2).
    pub(crate) fn finish(self) -> Result<()> {
        let reaped = self.process.reap();
        drop(self.raw);
        Ok(reaped?)
    }
}

/// The proxy's life: until the container's terminal or galley's is gone. Its end closes
/// the master, and that hangs up on what still runs inside.
fn copy_both_ways(master: &File, input: bool) -> Result<()> {
    // Blocked, SIGWINCH waits until it is taken. And SIGTTOU must not stop this process:
    // it gives the terminal back even when a shell has it again.
    let signals = SigSet::from_iter([Signal::SIGWINCH, Signal::SIGTTOU]);
    signals.thread_block().call("sigprocmask")?;
    if let Some(terminal) = own_terminal() {
        let master = duplicate(master)?;
        thread::spawn(move || follow_size(&terminal, &master));
    }
    let (done, either) = mpsc::channel();
    spawn_copy(duplicate(master)?, duplicate(stdout())?, done.clone());
    if input {
        spawn_copy(duplicate(stdin())?, duplicate(master)?, done.clone());
    }
    // This function holds a sender, so what is received is the end of a copy.
    let _ = either.recv();
    Ok(())
}

/// Copies until either side is gone. A master whose slaves are all closed is at its end,
/// and reads as EIO.
fn spawn_copy(mut from: File, mut to: File, done: mpsc::Sender<()>) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            if to.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        // The receiver is there for as long as the process.
        let _ = done.send(());
    });
}

/// Gives the container's terminal the size of galley's, now and at each change. The
/// kernel sends SIGWINCH to the programs of a terminal whose size changes.
fn follow_size(terminal: &File, master: &File) {
    loop {
        if let Ok(size) = tcgetwinsize(terminal) {
            // A master that is gone ends the process soon.
            let _ = tcsetwinsize(master, size);
        }
        if SigSet::from(Signal::SIGWINCH).wait().is_err() {
            return;
        }
    }
}

/// Keeps galley's terminal in raw mode, in which its keys go to the container unseen,
/// until it is dropped.
#[derive(Debug)]
struct RawModeGuard {
    before: Termios,
}

impl RawModeGuard {
    /// `None` if standard input is not a terminal.
    fn new() -> Result<Option<Self>> {
        if !stdin().is_terminal() {
            return Ok(None);
        }
        let before = errno(tcgetattr(stdin())).call("tcgetattr")?;
        let mut raw = before.clone();
        raw.make_raw();
        errno(tcsetattr(stdin(), OptionalActions::Now, &raw)).call("tcsetattr")?;
        Ok(Some(Self { before }))
    }

    fn restore(&self) {
        // A terminal that has been closed meanwhile needs nothing back.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.before);
    }
}

impl Drop for RawModeGuard {
    fn drop(&mut self) {
        self.restore();
    }
}

/// The first of galley's standard streams that is a terminal.
pub(crate) fn own_terminal() -> Option<File> {
    let streams = [
        (stdin().is_terminal(), stdin().as_fd().try_clone_to_owned()),
        (stdout().is_terminal(), stdout().as_fd().try_clone_to_owned()),
        (stderr().is_terminal(), stderr().as_fd().try_clone_to_owned()),
    ];
    streams.into_iter().find_map(|(is_terminal, stream)| stream.ok().filter(|_| is_terminal)).map(File::from)
}

fn duplicate(stream: impl AsFd) -> sys::Result<File> {
    nix::unistd::dup(stream).map(File::from).call("dup")
}
