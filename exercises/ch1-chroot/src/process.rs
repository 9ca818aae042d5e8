//! Steps 1 and 2: start a program, and say how it ended.

use std::ffi::CString;

use nix::sys::wait::WaitStatus;

/// Puts the end of a process in one number, as a shell's `$?` and Docker do.
///
/// A process that called `exit` gives its code. One that was ended by signal number n
/// gives 128 + n: 137 is SIGKILL (9), 143 is SIGTERM (15). A status that is not an end
/// at all, such as a stop, gives 125, Docker's number for a failure of the runtime.
///
/// See wait(2), and "Exit Status" in bash(1).
pub fn exit_code(status: WaitStatus) -> u8 {
    // ANCHOR: exit_code
    let _ = &status; // what you have to work with
    todo!("ch1 step 1: put the end of a process in one number")
    // ANCHOR_END: exit_code
}

/// Runs a program in a child process, waits for its end, and gives its [`exit_code`].
///
/// `argv[0]` is the program, looked up in `PATH` by [`sys::exec`]. If it cannot be started,
/// the reason goes to standard error and the code is that of
/// [`sys::ExecError::exit_code`]: 127 if it was not found, 126 if it cannot be run. If
/// there was no child at all, the code is 125.
///
/// Call it from a process with one thread: if another thread holds a lock at the fork,
/// no thread is left in the child to release it.
///
/// See fork(2), execve(2), waitpid(2).
pub fn run(argv: &[CString]) -> u8 {
    // ANCHOR: run
    let _ = &argv; // what you have to work with
    todo!("ch1 step 2: run a program and report how it ended")
    // ANCHOR_END: run
}
