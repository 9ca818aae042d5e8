//! What went wrong: the call, the path, and the kernel's answer.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::hint::hint;

/// The result of everything that asks the kernel for something.
pub type Result<T> = std::result::Result<T, Error>;

/// A call that failed, with the errno it failed with.
///
/// The manual page of the call lists what each errno means there:
/// `man 2 chroot`, section ERRORS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The system call, such as `chroot`, or an action such as `read ELF header`.
    pub call: &'static str,
    /// The file that it was about, if it was about one.
    pub path: Option<PathBuf>,
    /// The kernel's answer; `EIO` for a failure that never reached the kernel.
    pub errno: Errno,
    /// What failed, in words, where there is no errno that says it.
    detail: Option<String>,
}

impl Error {
    /// A failed call that names no file.
    pub fn new(call: &'static str, errno: Errno) -> Self {
        Self { call, path: None, errno, detail: None }
    }

    /// A failed call on `path`.
    pub fn at(call: &'static str, path: impl AsRef<Path>, errno: Errno) -> Self {
        Self { path: Some(path.as_ref().to_owned()), ..Self::new(call, errno) }
    }

    /// The same from an error of `std`. One without an errno, such as "failed to
    /// fill whole buffer", keeps its words.
    pub fn io(call: &'static str, path: impl AsRef<Path>, error: &io::Error) -> Self {
        match error.raw_os_error() {
            Some(errno) => Self::at(call, path, Errno::from_raw(errno)),
            None => Self { detail: Some(innermost(error)), ..Self::at(call, path, Errno::EIO) },
        }
    }
}

/// Walks `source()` to the innermost error: the outer ones repeat it.
fn innermost(error: &io::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.get_ref().and_then(|inner| inner.source());
    while let Some(inner) = next {
        text = inner.to_string();
        next = inner.source();
    }
    text
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.call)?;
        if let Some(path) = &self.path {
            write!(f, " {}", path.display())?;
        }
        match &self.detail {
            Some(detail) => write!(f, ": {detail}")?,
            None => write!(f, ": {} ({:?})", self.errno.desc(), self.errno)?,
        }
        match hint(self) {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// Says which call failed, and on which file.
pub trait Context<T> {
    /// Adds the name of the call, which was about no file.
    ///
    /// # Errors
    /// The failure of `self`.
    fn call(self, call: &'static str) -> Result<T>;

    /// Adds the name of the call and the file that it was about.
    ///
    /// # Errors
    /// The failure of `self`.
    fn context(self, call: &'static str, path: impl AsRef<Path>) -> Result<T>;
}

impl<T> Context<T> for nix::Result<T> {
    fn call(self, call: &'static str) -> Result<T> {
        self.map_err(|errno| Error::new(call, errno))
    }

    fn context(self, call: &'static str, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|errno| Error::at(call, path, errno))
    }
}

impl<T> Context<T> for io::Result<T> {
    fn call(self, call: &'static str) -> Result<T> {
        self.map_err(|error| Error { path: None, ..Error::io(call, "", &error) })
    }

    fn context(self, call: &'static str, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|error| Error::io(call, path, &error))
    }
}
