//! A terminal for the container.
//!
//! A pseudo-terminal is a pair: what is written to the master can be read from the
//! slave, and the other way round, with the kernel's line discipline in between. The
//! program gets the slave for its standard streams, and takes it for a screen and a
//! keyboard. See pty(7).
//!
//! The pair is opened *inside*, from the container's own `/dev/pts`, or the program could
//! not find out its terminal's name. The master then travels through a socket to galley,
//! where a [`TtyProxy`] copies between it and galley's terminal.

use std::fs::File;
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use rustix::process::{ioctl_tiocsctty, setsid};
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcgetwinsize, tcsetwinsize};
use sys::Context;

use crate::error::{Result, errno};
use crate::tty_proxy::{TtyProxy, own_terminal};

/// A terminal that is to be opened in the container.
#[derive(Debug)]
pub(crate) struct Terminal {
    /// The socket's two ends: the first stays with galley, the second is for inside.
    outer: OwnedFd,
    inner: OwnedFd,
    size: Option<Winsize>,
}

impl Terminal {
    /// Prepares a terminal of the size of galley's own, if galley has one. Called before
    /// the process in the container is made.
    ///
    /// # Errors
    /// socketpair(2).
    pub(crate) fn new() -> Result<Self> {
        let pair = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None);
        let (outer, inner) = errno(pair).call("socketpair")?;
        Ok(Self { outer, inner, size: own_terminal().and_then(|terminal| tcgetwinsize(terminal).ok()) })
    }

    /// Opens the pair, and makes the slave the controlling terminal of a new session and
    /// its standard streams. Called in the container, by the process that becomes the
    /// program, and as the user that it runs as: who opens the master owns the slave.
    ///
    /// # Errors
    /// The system call that failed.
    pub(crate) fn open(&self) -> Result<()> {
        let master =
            errno(openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)).call("posix_openpt")?;
        errno(grantpt(&master).and_then(|()| unlockpt(&master))).call("unlockpt")?;
        let slave = ioctl_tiocgptpeer(&master, OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC);
        let slave = errno(slave).call("ioctl TIOCGPTPEER")?;

        match setsid() {
            // A container's first process leads a session already; the child of an init
            // does not.
            Ok(_) | Err(rustix::io::Errno::PERM) => {}
            error => drop(errno(error).call("setsid")?),
        }
        errno(ioctl_tiocsctty(&slave)).call("ioctl TIOCSCTTY")?;
        if let Some(size) = self.size {
            // Before the program begins, so that it never sees a different size.
            errno(tcsetwinsize(&slave, size)).call("ioctl TIOCSWINSZ")?;
        }
        self.send(master.as_fd())?;
        dup2_stdin(&slave).and_then(|()| dup2_stdout(&slave)).and_then(|()| dup2_stderr(&slave)).call("dup2")?;
        Ok(())
    }

    /// Takes the master and starts the proxy. With `input`, galley's terminal is made
    /// raw: every key, ^C too, is the program's.
    ///
    /// Called by galley, with one thread, once the program runs. There is nothing to copy
    /// if its process ended before it opened the terminal.
    ///
    /// # Errors
    /// The system call that failed.
    pub(crate) fn connect(self, input: bool) -> Result<Option<TtyProxy>> {
        self.receive()?.map(|master| TtyProxy::start(&master, input)).transpose()
    }

    /// SCM_RIGHTS: a descriptor travels beside the bytes of a message, unix(7).
    fn send(&self, master: BorrowedFd<'_>) -> sys::Result<()> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut rights = SendAncillaryBuffer::new(&mut space);
        let descriptors = [master];
        rights.push(SendAncillaryMessage::ScmRights(&descriptors));
        errno(sendmsg(&self.inner, &[IoSlice::new(b"m")], &mut rights, SendFlags::empty())).map(drop).call("sendmsg")
    }

    fn receive(self) -> sys::Result<Option<File>> {
        // With our copy of the inner end closed, a process that ends without a message
        // is seen as the end of the stream.
        drop(self.inner);
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut rights = RecvAncillaryBuffer::new(&mut space);
        let (mut byte, flags) = ([0], RecvFlags::CMSG_CLOEXEC);
        errno(recvmsg(&self.outer, &mut [IoSliceMut::new(&mut byte)], &mut rights, flags)).call("recvmsg")?;
        let received = rights.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
            _ => None,
        });
        Ok(received.map(File::from))
    }
}
