//! What can go wrong from the first flag to the last exit code.

use std::path::PathBuf;

use nix::errno::Errno;

use crate::id::short;

pub type Result<T> = std::result::Result<T, Error>;

/// A failure, with what it takes to mend it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("'{text}' is not a volume: {reason}; write HOST-PATH:CONTAINER-PATH, with :ro to protect it")]
    Volume { text: String, reason: &'static str },
    #[error("'{text}' is not a tmpfs: {reason}; write PATH, or PATH:OPTIONS such as /run:size=64m,mode=755")]
    Tmpfs { text: String, reason: String },
    #[error("'{text}' is not a range of ports: {reason}; write HOST:CONTAINER, such as 8000-8002:80-82")]
    PortRange { text: String, reason: &'static str },
    #[error("the working directory '{}' is not a path that begins with /", .0.display())]
    RelativeWorkdir(PathBuf),
    #[error("cannot start in {}: {}; it must be a directory that the user may enter", path.display(), errno.desc())]
    Workdir { path: PathBuf, errno: Errno },
    #[error("no container '{0}'")]
    NoContainer(String),
    #[error("'{0}' could be several containers; write more of the id")]
    Ambiguous(String),
    #[error("the name '{0}' is taken by another container; remove that one, or choose another name")]
    NameTaken(String),
    #[error("'{0}' is not a name for a container; use letters, digits and _.- after the first")]
    BadName(String),
    #[error("container {0} is running; stop it first")]
    Running(String),
    /// Its directory is there and its record cannot be read.
    #[error("container {}: {reason}", short(id))]
    Damaged { id: String, reason: String },
    /// Not a failure of `run`: the container runs without.
    #[error("no connections out of the container: {0}; published ports work all the same")]
    NoOutboundNetwork(String),
    #[error("the container's monitor ended before the program was started")]
    NoStartResult,
    #[error("the container cannot be confined: {0}")]
    Security(String),
    #[error(transparent)]
    Exec(#[from] sys::ExecError),
    #[error(transparent)]
    Start(#[from] sys::StartError),
    #[error("the limits cannot be set: {0}")]
    Limits(#[from] cgroups::Error),
    #[error(transparent)]
    Image(#[from] images::Error),
    #[error(transparent)]
    Run(#[from] run::Error),
    #[error(transparent)]
    Sys(#[from] sys::Error),
}

impl Error {
    /// The exit code of `run`, as Docker's: 126 and 127 if the program could not be
    /// started, 125 for every failure of the runtime itself.
    pub fn code(&self) -> u8 {
        match self {
            Self::Start(error) => error.code,
            Self::Exec(error) => error.exit_code(),
            _ => 125,
        }
    }

    /// That of `exec`, where 126 stands for what the runtime itself could not do.
    pub fn code_of_exec(&self) -> u8 {
        match (self, self.code()) {
            (Self::Workdir { errno: Errno::ENOENT, .. }, _) => 127,
            (_, 125) => 126,
            (_, code) => code,
        }
    }
}

impl From<Error> for sys::StartError {
    fn from(error: Error) -> Self {
        Self { code: error.code(), message: error.to_string() }
    }
}

/// The errno type of rustix as that of std, which [`sys::Context`] takes.
pub(crate) fn errno<T>(result: rustix::io::Result<T>) -> std::io::Result<T> {
    Ok(result?)
}
