//! What went wrong, where, and what to try next.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::unistd::Pid;

/// The result of everything about control groups.
pub type Result<T> = std::result::Result<T, Error>;

/// A limit that cannot be read, or a group that cannot be had.
#[derive(Clone, Debug)]
pub enum Error {
    /// A limit as written makes no sense; `why` is the rule it breaks.
    Limit { text: String, why: &'static str },
    /// A group's name must be a relative path without `.` and `..`.
    Name(String),
    /// No control group file system with this controller is mounted.
    NotMounted { controller: &'static str },
    /// The caller may not make a group: no part of the tree was delegated to it.
    NotDelegated(sys::Error),
    /// The group has no such file, because the controller is not enabled for it.
    NoController { file: PathBuf },
    /// The kernel holds another value than the one written.
    LimitMismatch { file: &'static str, written: String, held: String },
    /// The group still holds these processes, and cannot be removed.
    Busy { path: PathBuf, processes: Vec<Pid> },
    /// A file or directory of the group could not be read, written or made.
    Sys(sys::Error),
    /// The crate cgroups-rs refused a limit, in its words.
    Crate(String),
    /// A program could not be started in the group.
    Start { program: OsString, error: sys::Error },
}

impl From<sys::Error> for Error {
    fn from(error: sys::Error) -> Self {
        Self::Sys(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit { text, why } => write!(f, "'{text}' is not a limit: {why}"),
            Self::Name(name) => {
                write!(f, "'{name}' is not a name for a control group: use plain words, as in galley/web")
            }
            Self::NotMounted { controller } => write!(
                f,
                "no control groups with the {controller} controller are mounted; \
                 `mount -t cgroup2 none /sys/fs/cgroup` as root, or run outside of this container"
            ),
            Self::NotDelegated(error) => {
                write!(f, "no control groups can be made here: {error}; {}", delegation(error))
            }
            Self::NoController { file } => write!(
                f,
                "{} does not exist: the controller is not enabled for this group; \
                 write its name with a + to cgroup.subtree_control of every group above",
                file.display()
            ),
            Self::LimitMismatch { file, written, held } => write!(
                f,
                "the kernel holds {held} in {file}, not {written}, so the limit is not in force; \
                 ask for one that this machine can keep"
            ),
            Self::Busy { path, processes } => {
                write!(f, "{} is still busy with processes {processes:?}; end them first", path.display())
            }
            Self::Crate(words) => write!(f, "cgroups-rs: {words}; write the files by hand to see the kernel's answer"),
            Self::Sys(error) => match hint(error) {
                Some(hint) => write!(f, "{error}; {hint}"),
                None => error.fmt(f),
            },
            Self::Start { program, error } => write!(f, "cannot start {} in the group: {error}", program.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotDelegated(error) | Self::Sys(error) | Self::Start { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// How an ordinary user gets a part of the tree.
fn delegation(error: &sys::Error) -> &'static str {
    // systemd shares out version 2 only.
    if error.path.as_ref().is_some_and(|path| path.join("cgroup.controllers").exists()) {
        "run as root, or let systemd give you a part: `systemd-run --user --scope -p Delegate=yes COMMAND`"
    } else {
        "run as root, or let root give you a part: `cargo xtask doctor` says how"
    }
}

/// What to try next, where the file and the kernel's answer tell.
fn hint(error: &sys::Error) -> Option<&'static str> {
    let file = error.path.as_ref()?.file_name()?.to_str()?;
    Some(match (file, error.errno) {
        ("cgroup.subtree_control", Errno::EBUSY) => {
            "this group holds processes itself: move them into a group below it first"
        }
        ("cgroup.procs", Errno::ESRCH) => "the process has ended",
        (_, Errno::EEXIST) => "another group has this name: choose one, or delete it first",
        (_, Errno::EROFS) => "control groups are read-only in this container: run outside of it",
        _ => return None,
    })
}
