//! What can go wrong between an image and a process.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

pub type Result<T> = std::result::Result<T, Error>;

/// A fault, with what it takes to mend it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no command: the image sets neither ENTRYPOINT nor CMD; add one after the image's name")]
    NoCommand,
    #[error("no user '{0}' in the image's /etc/passwd; use a number, or a name that is there")]
    NoUser(String),
    #[error("no group '{0}' in the image's /etc/group; use a number, or a name that is there")]
    NoGroup(String),
    #[error("'{}' is no directory to start in: write a path that begins with /", .0.display())]
    RelativeWorkdir(PathBuf),
    #[error("cannot start in {}: {}; -w takes a directory that is there, and open to the user", path.display(), errno.desc())]
    Workdir { path: PathBuf, errno: Errno },
    #[error("'{text}' is no port to publish: {reason}; write [ADDRESS:]HOST:CONTAINER, such as 4567:80")]
    Port { text: String, reason: &'static str },
    #[error("'{text}' is no volume: {reason}; write HOST-PATH:CONTAINER-PATH, with :ro to protect it")]
    Volume { text: String, reason: &'static str },
    #[error("'{text}' is no tmpfs: {reason}; write PATH, or PATH:OPTIONS such as /run:size=64m,mode=755")]
    Tmpfs { text: String, reason: String },
    #[error("cannot listen on {address}: {source}{}", listen_hint(source))]
    Listen { address: SocketAddr, source: io::Error },
    /// A lack, and no fault: the container runs without.
    #[error("no connections out of the container: {0}; published ports work all the same")]
    NoWayOut(String),
    #[error("no container '{0}'; `galley ps -a` lists them")]
    NoContainer(String),
    #[error("'{0}' could be several containers; write more of the id")]
    Ambiguous(String),
    #[error("the name '{0}' is taken by another container; remove it with `galley rm {0}`, or choose another")]
    NameTaken(String),
    #[error("'{0}' is no name for a container; use letters, digits and _.- after the first")]
    BadName(String),
    #[error("container {0} is not running; start one with `galley run`")]
    NotRunning(String),
    #[error("container {0} is running; stop it first, or use -f")]
    Running(String),
    #[error("the limits cannot be set: {0}")]
    Limits(#[from] cgroups::Error),
    #[error(transparent)]
    Call(#[from] sys::Error),
    #[error(transparent)]
    Exec(#[from] sys::ExecError),
    #[error(transparent)]
    Start(#[from] namespaces::StartError),
    #[error(transparent)]
    Image(#[from] images::Error),
    #[error("cannot {action} {}: {source}", path.display())]
    File { action: &'static str, path: PathBuf, source: io::Error },
    #[error("{} is damaged: {source}; remove that container with `galley rm -f`", path.display())]
    State { path: PathBuf, source: serde_json::Error },
    #[error("{0}")]
    Monitor(String),
}

impl Error {
    /// A fault while doing `action` (a verb: "read", "write") to `path`.
    pub fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }

    /// A failed system call that concerns no path.
    pub fn call(call: &'static str) -> impl FnOnce(Errno) -> Self {
        move |errno| Self::Call(sys::Error::new(call, errno))
    }

    /// Docker's exit code: 126 and 127 if the program could not be started, 125
    /// for every fault of the runtime itself.
    pub fn code(&self) -> u8 {
        match self {
            Self::Start(error) => error.code,
            Self::Exec(error) => error.exit_code(),
            _ => 125,
        }
    }

    /// That of `exec`, where 126 stands for what the runtime itself could not do.
    pub fn code_of_exec(&self) -> u8 {
        match self {
            Self::Workdir { errno: Errno::ENOENT, .. } => 127,
            other => {
                if other.code() == 125 {
                    126
                } else {
                    other.code()
                }
            }
        }
    }
}

impl From<Error> for namespaces::StartError {
    fn from(error: Error) -> Self {
        Self { code: error.code(), message: error.to_string() }
    }
}

fn listen_hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::AddrInUse => {
            "; something else uses that port: choose another, or stop it (`ss -ltnp` shows what it is)"
        }
        io::ErrorKind::PermissionDenied => "; ports below 1024 are root's: choose a higher one",
        _ => "",
    }
}
