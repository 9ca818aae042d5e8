//! What went wrong: the call, the path, and the kernel's answer.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

/// The result of everything that asks the kernel for something.
pub type Result<T> = std::result::Result<T, Error>;

/// A system call that failed, with the errno it failed with.
///
/// The manual page of the call lists what each errno means there:
/// `man 2 chroot`, section ERRORS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The system call or action, such as `chroot`.
    pub call: &'static str,
    /// The file that it was about, if it was about one.
    pub path: Option<PathBuf>,
    /// The kernel's answer.
    pub errno: Errno,
}

impl Error {
    /// A failed call that names no file.
    pub fn new(call: &'static str, errno: Errno) -> Self {
        Self { call, path: None, errno }
    }

    /// A failed call on `path`.
    pub fn at(call: &'static str, path: impl AsRef<Path>, errno: Errno) -> Self {
        Self { call, path: Some(path.as_ref().to_owned()), errno }
    }

    /// The same from an error of `std`; one without an errno counts as `EIO`.
    pub fn io(call: &'static str, path: impl AsRef<Path>, error: &io::Error) -> Self {
        Self::at(call, path, error.raw_os_error().map_or(Errno::EIO, Errno::from_raw))
    }

    /// What to try next, where the call and the errno tell.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match (self.call, self.errno) {
            ("execve", Errno::ENOENT) => {
                "no such program in this root, or the loader or `#!` interpreter that it names is not there"
            }
            ("execve", Errno::EACCES) => "it must be a regular file with the x bit, on a mount without noexec",
            ("execve" | "read ELF header", Errno::ENOEXEC) => "it must be an ELF program for this machine",
            ("find library", _) => "the loader knows no such library: try `ldd PROGRAM`",
            ("write uid_map", Errno::EPERM) => {
                "only `0 ID 1` may be written, with the id read before unshare; if it is, a security module \
                 may restrict user namespaces: `cargo xtask doctor` knows the remedy"
            }
            ("write gid_map", Errno::EPERM) => "only `0 ID 1` may be written, and `deny` to setgroups before that",
            ("unshare", Errno::EINVAL) => "a user namespace is refused to a process with threads",
            ("clone" | "unshare", Errno::ENOSPC) => "a limit in /proc/sys/user/max_*_namespaces is reached",
            ("pivot_root", Errno::EINVAL) => {
                "the new root must be a mount point, and no mount involved may be shared: make them private first"
            }
            ("mount" | "pivot_root" | "umount2", Errno::EPERM) => {
                "this needs a mount namespace of your own: as root, or after becoming root in a user namespace"
            }
            ("chroot" | "clone" | "unshare" | "sethostname" | "ioctl SIOCSIFFLAGS", Errno::EPERM) => {
                "this needs root, or a user namespace in which you are root"
            }
            _ => return None,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.call)?;
        if let Some(path) = &self.path {
            write!(f, " {}", path.display())?;
        }
        write!(f, ": {} ({:?})", self.errno.desc(), self.errno)?;
        match self.hint() {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
