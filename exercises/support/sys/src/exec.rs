//! Replacing this process by a program, and ending it without ceremony.

use std::ffi::{CStr, CString, OsStr};
use std::fmt;
use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::unistd::{ForkResult, Pid};

use crate::{Context, Error, Result};

/// The directories that are searched if the environment sets no `PATH`: Docker's default.
pub const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Why a program could not be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecError(Error);

impl ExecError {
    /// The exit code that a shell and Docker give for it: 127 if there is no such
    /// program, 126 if there is one that cannot be run.
    pub fn exit_code(&self) -> u8 {
        if self.0.errno == Errno::ENOENT { 127 } else { 126 }
    }
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for ExecError {}

/// Why a container's program could not be started, as one process tells another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartError {
    /// The exit code, as Docker has it: 127 not found, 126 cannot be run, 125 for every
    /// failure of the runtime itself.
    pub code: u8,
    /// What failed, in words.
    pub message: String,
}

impl StartError {
    /// For a pipe: the code in one byte, then the message.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&[self.code], self.message.as_bytes()].concat()
    }

    /// Reads what [`StartError::to_bytes`] wrote; nothing means that there was no error.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (code, message) = bytes.split_first()?;
        Some(Self { code: *code, message: String::from_utf8_lossy(message).into_owned() })
    }
}

impl From<Error> for StartError {
    fn from(error: Error) -> Self {
        Self { code: 125, message: error.to_string() }
    }
}

impl From<ExecError> for StartError {
    fn from(error: ExecError) -> Self {
        Self { code: error.exit_code(), message: error.to_string() }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StartError {}

/// Replaces the calling process by the program `argv[0]`; returns only if that fails.
///
/// `env` is the program's environment as `NAME=value`; with `None` it inherits ours. A
/// name without a slash is looked up in the `PATH` of that environment, so inside a
/// container the container's `PATH` counts.
///
/// The program starts with no signal blocked and with SIGPIPE at its default. Rust
/// ignores SIGPIPE, and both settings survive execve(2): without this, `yes | head`
/// inside a container would never end.
///
/// See execve(2), environ(7).
pub fn exec(argv: &[CString], env: Option<&[CString]>) -> ExecError {
    let Some(program) = argv.first() else { return ExecError(Error::new("execve", Errno::ENOENT)) };
    if let Err(errno) = reset_signals() {
        return ExecError(Error::new("sigaction", errno));
    }
    let has_slash = program.as_bytes().contains(&b'/');
    let errno = if has_slash { execve(program, argv, env) } else { exec_in_path(program, argv, env) };
    ExecError(Error::at("execve", OsStr::from_bytes(program.as_bytes()), errno))
}

fn reset_signals() -> nix::Result<()> {
    // SAFETY: the default disposition runs no code of ours.
    unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl)? };
    SigSet::empty().thread_set_mask()
}

fn execve(path: &CStr, argv: &[CString], env: Option<&[CString]>) -> Errno {
    let failed = match env {
        Some(env) => nix::unistd::execve(path, argv, env),
        None => nix::unistd::execv(path, argv),
    };
    match failed {
        Ok(never) => match never {},
        Err(errno) => errno,
    }
}

/// Tries each directory of `PATH`. `EACCES` from one of them is remembered, because it
/// says more than `ENOENT` from the last.
fn exec_in_path(program: &CStr, argv: &[CString], env: Option<&[CString]>) -> Errno {
    let mut answer = Errno::ENOENT;
    for directory in search_path(env).split(|byte| *byte == b':') {
        let directory = if directory.is_empty() { b"." } else { directory };
        let Ok(path) = CString::new([directory, b"/", program.to_bytes()].concat()) else { continue };
        match execve(&path, argv, env) {
            Errno::ENOENT | Errno::ENOTDIR => {}
            Errno::EACCES => answer = Errno::EACCES,
            other => return other,
        }
    }
    answer
}

fn search_path(env: Option<&[CString]>) -> Vec<u8> {
    let path = match env {
        Some(env) => env.iter().find_map(|entry| entry.as_bytes().strip_prefix(b"PATH=")).map(<[u8]>::to_vec),
        None => std::env::var_os("PATH").map(|path| path.as_bytes().to_vec()),
    };
    path.unwrap_or_else(|| DEFAULT_PATH.into())
}

/// Converts arguments or variables to the form that execve(2) takes.
///
/// # Errors
/// `EINVAL` for text with a zero byte, at which the kernel would cut it off.
pub fn c_strings(texts: &[String]) -> Result<Vec<CString>> {
    let convert = |text: &String| CString::new(text.as_str()).map_err(|_| Error::at("execve", text, Errno::EINVAL));
    texts.iter().map(convert).collect()
}

/// Ends this process at once, without the things that a normal exit does first.
///
/// A forked child has a copy of everything that the parent had not yet written to its
/// standard output; a normal exit would write it a second time. See _exit(2).
pub fn exit_now(code: u8) -> ! {
    // SAFETY: _exit takes any number and touches none of our memory.
    unsafe { nix::libc::_exit(code.into()) }
}

/// Starts a child that runs `child` and ends with the code it returns; gives its id.
///
/// # Errors
/// `EDEADLK` if this process has a second thread: if that held a lock at the fork, no
/// thread would be left in the child to release it. Else those of fork(2).
pub fn fork(child: impl FnOnce() -> u8) -> Result<Pid> {
    let threads = std::fs::read_dir("/proc/self/task").context("list", "/proc/self/task")?.count();
    if threads != 1 {
        return Err(Error::new("fork", Errno::EDEADLK));
    }
    // SAFETY: this process has one thread, so the child may do what the parent may.
    match unsafe { nix::unistd::fork() }.call("fork")? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => exit_now(child()),
    }
}
