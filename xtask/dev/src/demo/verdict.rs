//! The report of a check, printed by the harness in a process of its own, so that
//! the instructor can leave while it compiles.

use std::io::PipeReader;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, read};

use xtask::error::{Error, Result};
use xtask::repo::HARNESS;

/// The process. It ends with this, and with it whatever it started.
pub struct Verdict {
    child: Child,
    output: PipeReader,
}

impl Verdict {
    /// Starts the harness with these arguments.
    pub fn start(arguments: &[String]) -> Result<Self> {
        let (output, output_end) = std::io::pipe().map_err(Error::file("make", Path::new("a pipe")))?;
        let mut command = Command::new(HARNESS);
        command.args(arguments).stdin(Stdio::null()).stdout(output_end).process_group(0);
        let child = command.spawn().map_err(Error::file("run", Path::new(HARNESS)))?;
        Ok(Self { child, output })
    }

    /// What becomes readable when there is something to read.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }

    /// What can be read now; `None` if nothing, empty at the end.
    pub fn read(&self) -> Result<Option<Vec<u8>>> {
        let mut ready = [PollFd::new(self.output.as_fd(), PollFlags::POLLIN)];
        if poll(&mut ready, PollTimeout::ZERO).map_err(Error::call("poll"))? == 0 {
            return Ok(None);
        }
        let mut bytes = vec![0; 8192];
        let count = read(&self.output, &mut bytes).map_err(Error::call("read"))?;
        bytes.truncate(count);
        Ok(Some(bytes))
    }

    pub fn wait(&mut self) -> Result<()> {
        self.child.wait().map(drop).map_err(Error::file("wait for", Path::new(HARNESS)))
    }
}

impl Drop for Verdict {
    fn drop(&mut self) {
        if self.child.try_wait().ok().flatten().is_none() {
            // It may end by itself meanwhile.
            let _ = killpg(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGKILL).map(|()| self.child.wait());
        }
    }
}
