//! A process that waits for its parent before it becomes a program.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use crate::StartError;

/// A container whose program has not begun. Dropped, it never will.
///
/// Its process waits for a byte from the pipe. What comes back is the bytes of a
/// [`StartError`], or the end of the pipe, which exec(2) closes.
#[derive(Debug)]
pub struct Created {
    pid: Pid,
    sync_pipe: Option<UnixStream>,
}

impl Created {
    /// The child `pid`, and our end of the pipe.
    pub fn new(pid: Pid, sync_pipe: UnixStream) -> Self {
        Self { pid, sync_pipe: Some(sync_pipe) }
    }

    /// Process 1 of the container, as the host sees it.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Starts the program; returns its process once it runs.
    ///
    /// # Errors
    /// Why there is no program, with the exit code that stands for it. The process has
    /// ended then, and was waited for.
    pub fn start(mut self) -> Result<Pid, StartError> {
        let lost = |error: io::Error| StartError { code: 125, message: format!("the container was lost: {error}") };
        let Some(sync_pipe) = &mut self.sync_pipe else { return Err(lost(io::ErrorKind::NotConnected.into())) };
        let mut answer = Vec::new();
        sync_pipe.write_all(b"1").and_then(|()| sync_pipe.read_to_end(&mut answer)).map_err(lost)?;
        match StartError::from_bytes(&answer) {
            // Dropping `self` ends the process.
            Some(error) => Err(error),
            None => {
                self.sync_pipe = None;
                Ok(self.pid)
            }
        }
    }
}

impl Drop for Created {
    fn drop(&mut self) {
        if let Some(sync_pipe) = self.sync_pipe.take() {
            // The child reads the end of the stream, and ends too.
            let _ = sync_pipe.shutdown(Shutdown::Both);
            while waitpid(self.pid, None) == Err(Errno::EINTR) {}
        }
    }
}
