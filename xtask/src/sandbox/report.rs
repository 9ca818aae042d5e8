//! What the supervisor tells the harness, on a pipe that nothing inside can write to.
//!
//! The learner's program shares its output with the check, and can print anything that the
//! harness might look for. So the result goes through a pipe whose writing end the harness
//! passes as standard input: the one descriptor that it can pass without a race between
//! threads.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::unistd::dup2_stdin;

use crate::error::{Error, Result};

/// The writing end.
pub struct Report(OwnedFd);

impl Report {
    /// Moves the pipe away from standard input, to a descriptor that closes on exec,
    /// and puts `/dev/null` in its place.
    pub fn take_standard_input() -> Result<Self> {
        let pipe = io::stdin().as_fd().try_clone_to_owned().map_err(Error::file("copy", "standard input".as_ref()))?;
        let null = File::open("/dev/null").map_err(Error::file("open", "/dev/null".as_ref()))?;
        dup2_stdin(null).map_err(Error::call("dup2"))?;
        Ok(Self(pipe))
    }

    /// Closes the pipe: what this process reports from now on is lost.
    pub fn close(&mut self) -> Result<()> {
        self.0 = File::open("/dev/null").map_err(Error::file("open", "/dev/null".as_ref()))?.into();
        Ok(())
    }

    /// A limit ended the check.
    pub fn limit(&self, name: &str) {
        self.line("limit", name);
    }

    /// The check ended with this code; always the last line.
    pub fn code(&self, code: u8) {
        self.line("code", &code.to_string());
    }

    /// There was no check: this machine, or the sandbox, could not do it.
    pub fn error(&self, error: &Error) {
        match error {
            Error::Machine { lack, remedy } => self.line("lack", &format!("{lack}\t{remedy}")),
            other => self.line("fault", &other.to_string()),
        }
    }

    fn line(&self, key: &str, text: &str) {
        let line = format!("{key} {}\n", text.replace('\n', " "));
        if let Ok(mut pipe) = self.0.try_clone().map(File::from) {
            // If the harness is gone, nobody is left to read it.
            let _ = pipe.write_all(line.as_bytes());
        }
    }
}

impl AsFd for Report {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The same, as the harness reads it.
#[derive(Debug, Default)]
pub struct Ended {
    pub limit: Option<String>,
    pub code: Option<u8>,
}

impl Ended {
    /// # Errors
    /// The check could not be run at all, or its supervisor was killed.
    pub fn read(text: &str) -> Result<Self> {
        let mut ended = Self::default();
        for (key, rest) in text.lines().filter_map(|line| line.split_once(' ')) {
            match key {
                "limit" => ended.limit = Some(rest.to_owned()),
                "code" => ended.code = rest.parse().ok(),
                "lack" => {
                    let (lack, remedy) = rest.split_once('\t').unwrap_or((rest, ""));
                    return Err(Error::Machine { lack: lack.to_owned(), remedy: remedy.to_owned() });
                }
                _ => return Err(fault(rest)),
            }
        }
        if ended.code.is_none() { Err(fault("was killed from outside; try again")) } else { Ok(ended) }
    }
}

fn fault(text: &str) -> Error {
    Error::Program { program: "the sandbox:".to_owned(), fault: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_code_there_is_no_verdict() {
        assert!(Ended::read("limit time\n").is_err());
        assert_eq!(Ended::read("code 3\n").map(|ended| ended.code).ok(), Some(Some(3)));
    }

    #[test]
    fn a_lack_is_this_machines() {
        let code = Ended::read("lack has none\tget one\n").map_err(|error| error.code());
        assert_eq!(code.err(), Some(3));
    }
}
