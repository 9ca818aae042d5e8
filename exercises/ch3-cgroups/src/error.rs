//! What went wrong, where, and what to try next.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use nix::unistd::Pid;

/// The result of everything in this chapter.
pub type Result<T> = std::result::Result<T, Error>;

/// A limit that cannot be read, or a group that cannot be had.
#[derive(Debug)]
pub enum Error {
    /// A limit as written makes no sense; `why` is the rule it breaks.
    Limit { text: String, why: &'static str },
    /// A group's name must be a relative path without `.` and `..`.
    Name(String),
    /// No control group file system with this controller is mounted.
    NotMounted { controller: &'static str },
    /// The caller may not make a group: nobody has given it a part of the tree.
    NotDelegated { path: PathBuf, source: io::Error },
    /// The group has no such file, because the controller is not switched on for it.
    NoController { file: PathBuf },
    /// The kernel keeps another value than the one written.
    NotKept { file: &'static str, written: String, kept: String },
    /// The group still holds these processes, and cannot be removed.
    Busy { path: PathBuf, processes: Vec<Pid> },
    /// A file or directory of the group could not be read, written or made.
    File { action: &'static str, path: PathBuf, source: io::Error },
    /// The crate refused the limits.
    Crate(cgroups_rs::error::Error),
    /// A program could not be started in the group.
    Start { program: OsString, source: io::Error },
}

impl Error {
    /// A fault while doing `action` (a verb: "read", "write", "make") to `path`.
    pub fn file(action: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::File { action, path: path.as_ref().to_owned(), source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit { text, why } => write!(f, "'{text}' is no limit: {why}"),
            Self::Name(name) => write!(f, "'{name}' is no name for a control group: use plain words, as in galley/web"),
            Self::NotMounted { controller } => write!(
                f,
                "no control groups with the {controller} controller are mounted; \
                 `mount -t cgroup2 none /sys/fs/cgroup` as root, or run outside of this container"
            ),
            Self::NotDelegated { path, source } => write!(
                f,
                "no part of {} is yours to make groups in ({source}); run as root, or {}",
                path.display(),
                // Version 1 is nothing that systemd would share.
                if path.join("cgroup.controllers").exists() {
                    "let systemd give you one: `systemd-run --user --scope -p Delegate=yes COMMAND`"
                } else {
                    "let root give you some: `cargo xtask doctor` says how"
                }
            ),
            Self::NoController { file } => write!(
                f,
                "{} does not exist: the controller is not switched on for this group; \
                 write its name with a + to cgroup.subtree_control of every group above",
                file.display()
            ),
            Self::NotKept { file, written, kept } => write!(
                f,
                "the kernel keeps {kept} in {file}, not {written}; the limit asked for is not in force: \
                 ask for one that this machine can keep"
            ),
            Self::Busy { path, processes } => write!(
                f,
                "{} is still busy with {} processes {processes:?}; end them first",
                path.display(),
                processes.len()
            ),
            Self::Crate(source) => {
                write!(f, "cgroups-rs: {source}; write the files by hand to see the kernel's answer")
            }
            Self::File { action, path, source } => {
                write!(f, "cannot {action} {}: {source}", path.display())?;
                match hint(path, source) {
                    Some(hint) => write!(f, "; {hint}"),
                    None => Ok(()),
                }
            }
            Self::Start { program, source } => write!(f, "cannot start {} in the group: {source}", program.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Crate(source) => Some(source),
            Self::NotDelegated { source, .. } | Self::File { source, .. } | Self::Start { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// What to try next, where the file and the kernel's answer tell.
fn hint(path: &Path, source: &io::Error) -> Option<&'static str> {
    let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    Some(match (file, source.kind()) {
        ("cgroup.subtree_control", io::ErrorKind::ResourceBusy) => {
            "this group holds processes itself: move them into a group below it first"
        }
        ("cgroup.procs", _) if source.raw_os_error() == Some(nix::libc::ESRCH) => "the process has ended",
        (_, io::ErrorKind::AlreadyExists) => "another group has this name: choose one, or delete it first",
        (_, io::ErrorKind::ReadOnlyFilesystem) => "control groups are read-only in this container: run outside of it",
        _ => return None,
    })
}
