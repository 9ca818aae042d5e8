//! What can go wrong in the harness, and the exit code of each error.

use std::path::{Path, PathBuf};
use std::{fmt, io};

/// An error that ends the command. A learner's wrong answer is not one of these: it is a
/// verdict, see [`crate::check`].
#[derive(Debug)]
pub enum Error {
    /// The words on the command line make no sense together.
    Usage(String),
    /// This machine cannot do what is asked; the second string says how to get it.
    Machine { lack: String, remedy: String },
    /// A file or directory could not be read or written.
    File { action: &'static str, path: PathBuf, source: io::Error },
    /// A system call failed.
    Call { call: &'static str, errno: nix::errno::Errno },
    /// A program could not be started or ended badly.
    Program { program: String, fault: String },
    /// A derived file differs from what it is derived from.
    Stale(Vec<PathBuf>),
    /// A stage of `cargo xtask test` or a step of the demo failed.
    Failed(String),
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A fault while doing `action` (a verb: "read", "write") to `path`.
    pub fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }

    /// A failed system call.
    pub fn call(call: &'static str) -> impl FnOnce(nix::errno::Errno) -> Self {
        move |errno| Self::Call { call, errno }
    }

    /// The same fault, with the check during which it happened.
    pub fn during(self, check: &str) -> Self {
        match self {
            Self::Program { program, fault } => Self::Program { program, fault: format!("{fault} (during {check})") },
            other => other,
        }
    }

    /// The exit code the book promises: 2 usage, 3 this machine, 4 the harness;
    /// 1 where something was tried and failed.
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Machine { .. } => 3,
            Self::Stale(_) | Self::Failed(_) => 1,
            Self::File { .. } | Self::Call { .. } | Self::Program { .. } => 4,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Failed(text) => f.write_str(text),
            Self::Machine { lack, remedy } => write!(f, "this machine {lack}; {remedy}"),
            Self::File { action, path, source } => {
                write!(f, "cannot {action} {}: {source}", path.display())?;
                // Some learners remove the reference, so as not to look at it; much is made from it.
                let reference = path.iter().any(|part| part == "solutions");
                match reference && source.kind() == io::ErrorKind::NotFound {
                    true => write!(f, "; the reference is needed here, and `git checkout -- solutions` brings it back"),
                    false => Ok(()),
                }
            }
            Self::Call { call, errno } => write!(f, "{call}: {} ({errno:?})", errno.desc()),
            Self::Program { program, fault } => write!(f, "{program} {fault}"),
            Self::Stale(paths) => {
                writeln!(f, "not what `cargo xtask sync` would write:")?;
                for path in paths {
                    writeln!(f, "  {}", path.display())?;
                }
                write!(f, "edit the solution, then run `cargo xtask sync`")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { source, .. } => Some(source),
            Self::Call { errno, .. } => Some(errno),
            _ => None,
        }
    }
}
