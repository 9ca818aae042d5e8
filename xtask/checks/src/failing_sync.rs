//! A disk that fails, as far as a program can tell.

use nix::libc;

/// Makes every fsync(2), fdatasync(2) and syncfs(2) of this process fail: a seccomp
/// filter answers EIO in their place. Two system calls, so it may be called between
/// fork and exec.
///
/// # Errors
/// prctl(2), such as `EINVAL` in a kernel without seccomp filters.
pub fn fail_syncs() -> std::io::Result<()> {
    let statement = |code: u32, k: u32| libc::sock_filter { code: code as u16, jt: 0, jf: 0, k };
    let if_equal = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    let jump = |k: libc::c_long, jt: u8| libc::sock_filter { code: if_equal, jt, jf: 0, k: k as u32 };
    let filter = [
        // The number of the system call is the first field of seccomp_data.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0),
        jump(libc::SYS_fsync, 3),
        jump(libc::SYS_fdatasync, 2),
        jump(libc::SYS_syncfs, 1),
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW),
        statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ERRNO | libc::EIO as u32),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
    // SAFETY: the filter outlives the call, which copies it.
    let installed = unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program)
    };
    if installed == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}
