//! What went wrong: the call, the path, and the kernel's answer.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::errno::Errno;

use crate::hint::hint;

/// The result of everything that asks the kernel for something.
pub type Result<T> = std::result::Result<T, Error>;

/// A call that failed, with the errno it failed with.
///
/// The manual page of the call lists what each errno means there:
/// `man 2 chroot`, section ERRORS.
#[derive(Clone, Debug)]
pub struct Error {
    /// The system call, such as `chroot`, or an action such as `read ELF header`.
    pub call: &'static str,
    /// The file that it was about, if it was about one.
    pub path: Option<PathBuf>,
    /// The kernel's answer; `EIO` for a failure that never reached the kernel.
    pub errno: Errno,
    /// What failed where no errno says it: std's own words, or an error of ours
    /// that came through a `Read` or `Write`.
    inner: Option<Arc<io::Error>>,
}

impl Error {
    /// A failed call that names no file.
    pub fn new(call: &'static str, errno: Errno) -> Self {
        Self { call, path: None, errno, inner: None }
    }

    /// A failed call on `path`.
    pub fn at(call: &'static str, path: impl AsRef<Path>, errno: Errno) -> Self {
        Self { path: Some(path.as_ref().to_owned()), ..Self::new(call, errno) }
    }

    /// The same from an error of `std`. One without an errno, such as "failed to
    /// fill whole buffer", keeps its words.
    pub fn io(call: &'static str, path: impl AsRef<Path>, error: &io::Error) -> Self {
        let error = match error.raw_os_error() {
            Some(errno) => io::Error::from_raw_os_error(errno),
            None => io::Error::new(error.kind(), innermost(error)),
        };
        Self { path: Some(path.as_ref().to_owned()), ..Self::from_io(call, error) }
    }

    /// From an error of `std` that is given away, with what it holds.
    fn from_io(call: &'static str, error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(errno) => Self::new(call, Errno::from_raw(errno)),
            None => Self { inner: Some(Arc::new(error)), ..Self::new(call, Errno::EIO) },
        }
    }

    /// Takes out the error of type `E` that came through a `Read` or `Write`: it
    /// says more than the call that it interrupted.
    ///
    /// # Errors
    /// This error as it was, if it holds no `E`.
    pub fn downcast<E>(mut self) -> std::result::Result<E, Self>
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        let back = |inner, error: Self| Self { inner: Some(inner), ..error };
        match self.inner.take().map(Arc::try_unwrap) {
            None => Err(self),
            Some(Ok(inner)) => inner.downcast::<E>().map_err(|inner| back(Arc::new(inner), self)),
            Some(Err(shared)) => Err(back(shared, self)),
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
        match &self.inner {
            Some(inner) => write!(f, ": {}", innermost(inner))?,
            None => write!(f, ": {} ({:?})", self.errno.desc(), self.errno)?,
        }
        match hint(self.call, self.errno) {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        let words = |error: &Self| error.inner.as_deref().map(io::Error::to_string);
        (self.call, &self.path, self.errno) == (other.call, &other.path, other.errno) && words(self) == words(other)
    }
}

impl Eq for Error {}

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
        self.map_err(|error| Error::from_io(call, error))
    }

    fn context(self, call: &'static str, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|error| Error { path: Some(path.as_ref().to_owned()), ..Error::from_io(call, error) })
    }
}
