//! What a detached monitor reports to the galley that started it: one line through a
//! pipe, `0` once the program runs, or an exit code and a message.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;

use nix::fcntl::OFlag;
use nix::unistd::pipe2;
use sys::{Context, StartError};

use crate::error::{Error, Result};

/// The monitor's end of the pipe.
#[derive(Debug)]
pub(crate) struct StartReport(File);

impl StartReport {
    /// Makes the pipe; the first end is for [`read_start_result`].
    ///
    /// # Errors
    /// pipe2(2).
    pub(crate) fn pipe() -> sys::Result<(OwnedFd, Self)> {
        let (result, report) = pipe2(OFlag::O_CLOEXEC).call("pipe2")?;
        Ok((result, Self(report.into())))
    }

    /// # Errors
    /// write(2).
    pub(crate) fn started(&self) -> sys::Result<()> {
        writeln!(&self.0, "0").call("write")
    }

    pub(crate) fn failed(&self, error: &Error) {
        // If nobody reads any more, the exit code is all that can still be reported.
        let _ = writeln!(&self.0, "{} {error}", error.code());
    }
}

/// Waits for the report.
///
/// # Errors
/// [`Error::Start`] with what the monitor reported, [`Error::NoStartResult`] if it was
/// killed before.
pub(crate) fn read_start_result(result: OwnedFd) -> Result<()> {
    let mut line = String::new();
    BufReader::new(File::from(result)).read_line(&mut line).call("read")?;
    match line.trim_end().split_once(' ') {
        None if line.starts_with('0') => Ok(()),
        None => Err(Error::NoStartResult),
        Some((code, message)) => {
            Err(StartError { message: message.to_owned(), code: code.parse().unwrap_or(125) }.into())
        }
    }
}
