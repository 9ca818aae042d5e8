//! Why a build stopped.

use std::path::PathBuf;

use dockerfile::{Diagnostic, Located};

/// The result of everything that takes part in a build.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a build stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The Dockerfile is wrong, or asks for something that cannot be had.
    #[error("{0}")]
    Dockerfile(#[from] Box<Located>),
    /// The same, before the line is known.
    #[error(transparent)]
    Diagnostic(#[from] Diagnostic),
    /// An instruction that is right, but could not be executed.
    #[error("{}:{line}: {source}", file.display())]
    Instruction { file: PathBuf, line: usize, source: Box<Error> },
    /// A command of RUN ended with another code than 0.
    #[error("RUN ended with exit code {code}: {}", first_line(command))]
    Run { command: String, code: u8 },
    /// A command of RUN could not be started at all.
    #[error("RUN could not start its command: {0}")]
    Start(#[from] sys::StartError),
    /// The caller could not give RUN's process a cgroup.
    #[error("RUN's process got no cgroup: {0}")]
    Cgroup(String),
    /// A system call failed.
    #[error(transparent)]
    Sys(#[from] sys::Error),
    /// A blob, a layer or an image, as chapter 4 reports it.
    #[error(transparent)]
    Images(#[from] images::Error),
    /// Names and unpacked layers.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl From<archive::Error> for Error {
    fn from(error: archive::Error) -> Self {
        Self::Images(error.into())
    }
}

impl Error {
    /// The exit code that says the most: a failed RUN's own, otherwise 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Instruction { source, .. } => source.exit_code(),
            Self::Run { code, .. } => *code,
            Self::Start(error) => error.code,
            _ => 1,
        }
    }
}

/// Of a command with several lines, such as a here-document, the first one is shown.
fn first_line(command: &str) -> String {
    let mut lines = command.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default().trim_end();
    if lines.next().is_some() { format!("{first} …") } else { first.to_owned() }
}
