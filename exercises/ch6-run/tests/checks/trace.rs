//! The system calls that a program makes, in order: ptrace(2). What a call has done to
//! the disk cannot be seen afterward, so the calls themselves are looked at.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io, mem};

use nix::libc::{self, c_long};

/// A call, with the names of the files that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    Write(String),
    Sync(String),
    Rename(String, String),
    PidfdOpen,
    Flock,
}

/// Runs a program to its end and returns those of its main thread's calls that matter.
pub fn calls(command: &mut Command) -> Vec<Call> {
    let stop_at_exec = || match unsafe_ptrace(libc::PTRACE_TRACEME, 0, 0, 0) {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    };
    // SAFETY: one system call, which allocates nothing.
    unsafe { command.pre_exec(stop_at_exec) };
    #[expect(clippy::zombie_processes, reason = "waitpid below waits for it, with __WALL")]
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let pid = child.id().cast_signed();
    let mut calls = Vec::new();
    let mut traced = false;
    loop {
        let mut status = 0;
        // SAFETY: the status is written to a variable of ours.
        let waited = unsafe { libc::waitpid(pid, &raw mut status, libc::__WALL) };
        assert_eq!(waited, pid, "the program could not be traced");
        if libc::WIFEXITED(status) || libc::WIFSIGNALED(status) {
            return calls;
        }
        if !mem::replace(&mut traced, true) {
            unsafe_ptrace(
                libc::PTRACE_SETOPTIONS,
                pid,
                0,
                (libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL) as usize,
            );
        }
        let signal = libc::WSTOPSIG(status);
        if signal == libc::SIGTRAP | 0x80 {
            calls.extend(entered(pid));
        }
        // The stops of the tracing itself are no signals for the program.
        let signal = if signal & 0x7f == libc::SIGTRAP { 0 } else { signal };
        unsafe_ptrace(libc::PTRACE_SYSCALL, pid, 0, signal as usize);
    }
}

/// The call that the process is about to make, if it is one of ours.
fn entered(pid: i32) -> Option<Call> {
    // SAFETY: the structure is made of numbers, for which zero is a value.
    let mut info: libc::ptrace_syscall_info = unsafe { mem::zeroed() };
    let size = size_of_val(&info);
    unsafe_ptrace(libc::PTRACE_GET_SYSCALL_INFO, pid, size, &raw mut info as usize);
    if info.op != libc::PTRACE_SYSCALL_INFO_ENTRY {
        return None;
    }
    // SAFETY: at an entry, this is the field of the union that the kernel has filled.
    let entry = unsafe { info.u.entry };
    let file = |descriptor: u64| name(&fs::read_link(format!("/proc/{pid}/fd/{descriptor}")).unwrap_or_default());
    let path = |address: u64| name(&path_at(pid, address));
    let arguments = entry.args;
    match entry.nr as c_long {
        libc::SYS_write | libc::SYS_writev | libc::SYS_pwrite64 => Some(Call::Write(file(arguments[0]))),
        libc::SYS_fsync | libc::SYS_fdatasync => Some(Call::Sync(file(arguments[0]))),
        libc::SYS_renameat | libc::SYS_renameat2 => Some(Call::Rename(path(arguments[1]), path(arguments[3]))),
        #[cfg(target_arch = "x86_64")]
        libc::SYS_rename => Some(Call::Rename(path(arguments[0]), path(arguments[1]))),
        libc::SYS_pidfd_open => Some(Call::PidfdOpen),
        libc::SYS_flock => Some(Call::Flock),
        _ => None,
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A path in the memory of the process: it ends at a zero byte.
fn path_at(pid: i32, address: u64) -> PathBuf {
    use std::os::unix::fs::FileExt;
    let mut bytes = vec![0; 4096];
    let memory = fs::File::open(format!("/proc/{pid}/mem")).unwrap();
    // A page that is not there ends the read early.
    let read = memory.read_at(&mut bytes, address).unwrap_or(0);
    let text = bytes[..read].split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned().into()
}

/// ptrace(2) with numbers: what they mean depends on the request.
fn unsafe_ptrace(request: libc::c_uint, pid: i32, address: usize, data: usize) -> c_long {
    // SAFETY: each caller passes what its request wants; addresses are of live variables.
    unsafe { libc::ptrace(request, pid, address, data) }
}
