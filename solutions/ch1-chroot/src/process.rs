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
    match status {
        // The kernel keeps the lowest eight bits of the number that exit(3) got.
        WaitStatus::Exited(_, code) => code as u8,
        WaitStatus::Signaled(_, signal, _) => 128 + signal as u8,
        _ => 125,
    }
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
    use nix::errno::Errno;
    use nix::sys::wait::waitpid;
    use nix::unistd::{ForkResult, fork};
    use sys::{Error, exec, exit_now};

    // SAFETY: this process has one thread.
    match unsafe { fork() } {
        Ok(ForkResult::Child) => {
            // On success exec does not return: the program has replaced us.
            let error = exec(argv, None);
            eprintln!("{error}");
            // Without this, two processes would go on to run our caller's code.
            exit_now(error.exit_code())
        }
        Ok(ForkResult::Parent { child }) => loop {
            match waitpid(child, None) {
                // A signal handler ran in between; the child is still running.
                Err(Errno::EINTR) => {}
                Ok(status) => return exit_code(status),
                Err(errno) => {
                    eprintln!("{}", Error::new("waitpid", errno));
                    return 125;
                }
            }
        },
        Err(errno) => {
            eprintln!("{}", Error::new("fork", errno));
            125
        }
    }
    // ANCHOR_END: run
}
