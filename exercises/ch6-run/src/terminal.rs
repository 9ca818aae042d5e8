//! Given: a terminal for the container (`-t`).
//!
//! A pseudo-terminal is a pair: what is written to the master can be read from
//! the slave, and the other way round, with the kernel's line discipline in
//! between. The program gets the slave for its standard streams, and takes it
//! for a screen and a keyboard. See pty(7).
//!
//! The pair is opened *inside*, from the container's own `/dev/pts`, or the
//! program could not find out its terminal's name. The master then travels
//! through a socket to galley, and a process of its own, the carrier, copies
//! between it and galley's terminal.

use std::fs::File;
use std::io::{IoSlice, IoSliceMut, IsTerminal, Read, Write, stderr, stdin, stdout};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::mpsc;
use std::thread;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::libc::{TIOCGWINSZ, TIOCSCTTY, TIOCSWINSZ};
use nix::pty::{Winsize, grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg, sendmsg, socketpair,
};
use nix::sys::stat::Mode;
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, dup2_stderr, dup2_stdin, dup2_stdout, fork, setsid};

use crate::error::{Error, Result};

nix::ioctl_read_bad!(get_window_size, TIOCGWINSZ, Winsize);
nix::ioctl_write_ptr_bad!(set_window_size, TIOCSWINSZ, Winsize);
nix::ioctl_write_int_bad!(set_controlling_terminal, TIOCSCTTY);

/// A terminal that is to be opened in the container.
#[derive(Debug)]
pub struct Terminal {
    /// The socket's two ends; the first stays with galley.
    ours: OwnedFd,
    theirs: OwnedFd,
    size: Option<Winsize>,
}

impl Terminal {
    /// Prepares a terminal of the size of galley's own, if galley has one.
    /// Called before the process in the container is made.
    ///
    /// # Errors
    /// socketpair(2).
    pub fn new() -> Result<Self> {
        let pair = socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC);
        let (ours, theirs) = pair.map_err(Error::call("socketpair"))?;
        Ok(Self { ours, theirs, size: own_terminal().and_then(|terminal| window_size(terminal).ok()) })
    }

    /// Opens the pair and makes the slave the controlling terminal of a new
    /// session and its standard streams. Called in the container, by the process
    /// that becomes the program, and as the user it runs as: who opens the master
    /// owns the slave.
    ///
    /// # Errors
    /// The system call that failed.
    pub fn open(&self) -> Result<()> {
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC);
        let master = master.map_err(Error::call("posix_openpt"))?;
        grantpt(&master).and_then(|()| unlockpt(&master)).map_err(Error::call("unlockpt"))?;
        let name = ptsname_r(&master).map_err(Error::call("ptsname"))?;
        let slave = open(name.as_str(), OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC, Mode::empty());
        let slave = slave.map_err(|errno| sys::Error::at("open", &name, errno))?;

        match setsid() {
            // Whoever enters a container leads a session of their own already; the
            // child of an init does not.
            Ok(_) | Err(Errno::EPERM) => {}
            Err(errno) => return Err(Error::call("setsid")(errno)),
        }
        // SAFETY: the descriptor is open, and the call takes a plain number.
        unsafe { set_controlling_terminal(slave.as_raw_fd(), 0) }.map_err(Error::call("ioctl TIOCSCTTY"))?;
        if let Some(size) = &self.size {
            // Before the program begins, so that it never sees another size.
            resize(&slave, size)?;
        }
        self.send(master.as_fd())?;
        dup2_stdin(&slave).map_err(Error::call("dup2"))?;
        dup2_stdout(&slave).map_err(Error::call("dup2"))?;
        dup2_stderr(&slave).map_err(Error::call("dup2"))
    }

    /// Takes the master and starts the carrier. With `input`, galley's terminal is
    /// made raw: every key, ^C too, is the program's.
    ///
    /// The carrier is a process of its own, so that even a `kill -9` of galley
    /// gives the terminal back: the container ends then, and the carrier sees it.
    ///
    /// Called by galley, with one thread, once the program runs. There is nothing
    /// to carry if its process ended before it opened the terminal.
    ///
    /// # Errors
    /// The system call that failed.
    pub fn carry(self, input: bool) -> Result<Option<Carrier>> {
        let Some(master) = self.receive()? else { return Ok(None) };
        let raw = if input { Raw::begin()? } else { None };
        // SAFETY: this process has one thread, so the child may do what it likes.
        match unsafe { fork() }.map_err(Error::call("fork"))? {
            ForkResult::Parent { child } => Ok(Some(Carrier { pid: child, raw })),
            ForkResult::Child => {
                let result = carry_bytes(&master, input);
                drop(raw);
                if let Err(error) = &result {
                    eprintln!("galley: the terminal is lost: {error}");
                }
                sys::exit_now(u8::from(result.is_err()))
            }
        }
    }

    /// SCM_RIGHTS: a descriptor travels beside the bytes of a message, unix(7).
    fn send(&self, master: BorrowedFd<'_>) -> Result<()> {
        let descriptors = [master.as_raw_fd()];
        let rights = [ControlMessage::ScmRights(&descriptors)];
        let sent = sendmsg::<()>(self.theirs.as_raw_fd(), &[IoSlice::new(b"m")], &rights, MsgFlags::empty(), None);
        sent.map(drop).map_err(Error::call("sendmsg"))
    }

    fn receive(self) -> Result<Option<File>> {
        // With our copy of the other end closed, a process that ends without a
        // message is seen as the end of the stream.
        drop(self.theirs);
        let (mut byte, mut space) = ([0], nix::cmsg_space!(RawFd));
        let mut parts = [IoSliceMut::new(&mut byte)];
        let flags = MsgFlags::MSG_CMSG_CLOEXEC;
        let message = recvmsg::<()>(self.ours.as_raw_fd(), &mut parts, Some(&mut space), flags);
        let message = message.map_err(Error::call("recvmsg"))?;
        match message.cmsgs().map_err(Error::call("recvmsg"))?.next() {
            Some(ControlMessageOwned::ScmRights(descriptors)) if descriptors.len() == 1 => {
                // SAFETY: the kernel has just made this descriptor for us alone.
                Ok(Some(unsafe { OwnedFd::from_raw_fd(descriptors[0]) }.into()))
            }
            _ => Ok(None),
        }
    }
}

/// The process that copies between the container's terminal and galley's.
#[derive(Debug)]
pub struct Carrier {
    pid: Pid,
    raw: Option<Raw>,
}

impl Carrier {
    /// Waits until all that the container printed has been shown, and gives the
    /// terminal back. Called when the container has ended.
    ///
    /// # Errors
    /// waitpid(2).
    pub fn finish(self) -> Result<()> {
        let waited = loop {
            match waitpid(self.pid, None) {
                Err(Errno::EINTR) => {}
                // It may have ended, and been waited for, before the container did.
                Ok(_) | Err(Errno::ECHILD) => break Ok(()),
                Err(errno) => break Err(Error::call("waitpid")(errno)),
            }
        };
        drop(self.raw);
        waited
    }
}

/// The carrier's life: until the container's terminal or galley's is gone. Its
/// end closes the master, and that hangs up on what still runs inside.
fn carry_bytes(master: &File, input: bool) -> Result<()> {
    // Blocked, SIGWINCH waits until it is taken. And SIGTTOU must not stop this
    // process: it gives the terminal back even when a shell has it again.
    let signals = SigSet::from_iter([Signal::SIGWINCH, Signal::SIGTTOU]);
    signals.thread_block().map_err(Error::call("sigprocmask"))?;
    if let Some(terminal) = own_terminal() {
        let master = duplicate(master)?;
        thread::spawn(move || follow_size(&terminal, &master));
    }
    let (done, either) = mpsc::channel();
    let screen = duplicate(stdout())?;
    spawn_copy(duplicate(master)?, screen, done.clone());
    if input {
        spawn_copy(duplicate(stdin())?, duplicate(master)?, done.clone());
    }
    // This function holds a sender, so what is received is the end of a copy.
    let _ = either.recv();
    Ok(())
}

/// Copies until either side is gone. A master whose slaves are all closed is at
/// its end, and reads as EIO.
fn spawn_copy(mut from: File, mut to: File, done: mpsc::Sender<()>) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read) = from.read(&mut buffer) {
            if read == 0 || to.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        // The receiver is there for as long as the process.
        let _ = done.send(());
    });
}

/// Gives the container's terminal the size of galley's, now and at each change.
fn follow_size(terminal: &File, master: &File) {
    loop {
        if let Ok(size) = window_size(terminal) {
            // A master that is gone ends the process soon.
            let _ = resize(master, &size);
        }
        if SigSet::from(Signal::SIGWINCH).wait().is_err() {
            return;
        }
    }
}

/// Galley's terminal while its keys go to the container unseen.
#[derive(Debug)]
struct Raw {
    before: Termios,
}

impl Raw {
    /// `None` if standard input is no terminal.
    fn begin() -> Result<Option<Self>> {
        if !stdin().is_terminal() {
            return Ok(None);
        }
        let before = tcgetattr(stdin()).map_err(Error::call("tcgetattr"))?;
        let mut raw = before.clone();
        cfmakeraw(&mut raw);
        tcsetattr(stdin(), SetArg::TCSANOW, &raw).map_err(Error::call("tcsetattr"))?;
        Ok(Some(Self { before }))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // A terminal that has been closed meanwhile needs nothing back.
        let _ = tcsetattr(stdin(), SetArg::TCSANOW, &self.before);
    }
}

/// The first of galley's standard streams that is a terminal.
fn own_terminal() -> Option<File> {
    let streams = [
        (stdin().is_terminal(), stdin().as_fd().try_clone_to_owned()),
        (stdout().is_terminal(), stdout().as_fd().try_clone_to_owned()),
        (stderr().is_terminal(), stderr().as_fd().try_clone_to_owned()),
    ];
    streams.into_iter().find_map(|(is_terminal, stream)| stream.ok().filter(|_| is_terminal)).map(File::from)
}

fn duplicate(stream: impl AsFd) -> Result<File> {
    nix::unistd::dup(stream).map(File::from).map_err(Error::call("dup"))
}

fn window_size(terminal: impl AsFd) -> Result<Winsize> {
    let mut size = Winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the descriptor is open, and the kernel fills the structure it expects.
    unsafe { get_window_size(terminal.as_fd().as_raw_fd(), &mut size) }.map_err(Error::call("ioctl TIOCGWINSZ"))?;
    Ok(size)
}

/// The kernel sends SIGWINCH to the programs of a terminal whose size changes.
fn resize(terminal: impl AsFd, size: &Winsize) -> Result<()> {
    // SAFETY: the descriptor is open, and the kernel only reads the structure.
    unsafe { set_window_size(terminal.as_fd().as_raw_fd(), size) }.map_err(Error::call("ioctl TIOCSWINSZ"))?;
    Ok(())
}
