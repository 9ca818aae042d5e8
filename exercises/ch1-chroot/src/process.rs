//! Steps 1 and 2: start a program, and say how it ended.

use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;
use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
use nix::sys::wait::WaitStatus;

use crate::Error;

/// The end of a process in one number, as a shell's `$?` and Docker have it.
///
/// A process that called `exit` gives its code. One that was ended by signal
/// number n gives 128+n: 137 is SIGKILL (9), 143 is SIGTERM (15). Whatever is
/// not an end at all (a stop, a trace event) gives 125, Docker's number for a
/// failure of the runtime itself.
///
/// See wait(2), and "Exit Status" in bash(1).
pub fn exit_code(status: WaitStatus) -> u8 {
    // ANCHOR: exit_code
    let _ = &status; // what you have to work with
    todo!("ch1 step 1: put the end of a process in one number")
    // ANCHOR_END: exit_code
}

/// Runs a program in a child process, waits for its end, and gives its
/// [`exit_code`].
///
/// `argv[0]` is the program, looked up in `PATH` by [`exec`]. If it cannot be
/// started, the reason goes to standard error and the code is that of
/// [`exec_failure_code`]: 127 if it was not found, 126 if it was found and
/// refused. 125 means that there was no child at all.
///
/// Call it from a process with one thread: after fork(2), the child may touch
/// only what no other thread could have left locked.
///
/// See fork(2), execve(2), waitpid(2).
pub fn run(argv: &[CString]) -> u8 {
    // ANCHOR: run
    let _ = &argv; // what you have to work with
    todo!("ch1 step 2: run a program and report how it ended")
    // ANCHOR_END: run
}

/// Replaces the calling process by the program `argv[0]`; returns only if that
/// fails.
///
/// `env` is the program's environment as `NAME=value`; `None` hands on our own.
/// A name without a slash is looked up in the `PATH` of that environment, so
/// what counts inside a container is the container's `PATH`.
///
/// The program starts with no signal blocked and with SIGPIPE at its default.
/// Rust ignores SIGPIPE, and both settings survive execve(2): without this,
/// `yes | head` inside a container would never end.
pub fn exec(argv: &[CString], env: Option<&[CString]>) -> Error {
    let Some(program) = argv.first() else { return Error::new("execve", Errno::ENOENT) };
    if let Err(errno) = default_signals() {
        return Error::new("sigaction", errno);
    }
    let errno =
        if program.as_bytes().contains(&b'/') { execve(program, argv, env) } else { exec_in_path(program, argv, env) };
    Error::at("execve", OsStr::from_bytes(program.as_bytes()), errno)
}

fn default_signals() -> nix::Result<()> {
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

/// Tries each directory of `PATH`. Being refused in one is remembered, because
/// it says more than not being found in the last.
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
    path.unwrap_or_else(|| b"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_vec())
}

/// The exit code for a program that could not be started: 127 if there is no
/// such file, 126 if there is one and it cannot be run.
pub fn exec_failure_code(errno: Errno) -> u8 {
    if errno == Errno::ENOENT { 127 } else { 126 }
}

/// Ends this process at once, without the things that a normal exit does first.
///
/// A forked child has a copy of all that the parent had not yet written to its
/// standard output; a normal exit would write it a second time. See _exit(2).
pub fn exit_now(code: u8) -> ! {
    // SAFETY: _exit takes any number and touches none of our memory.
    unsafe { nix::libc::_exit(code.into()) }
}
