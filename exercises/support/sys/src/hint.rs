//! What to try next, where the call and its errno tell.

use nix::errno::Errno;

/// The next step to take, as the end of the message; `None` where the manual page of
/// the call says it best.
pub fn hint(call: &str, errno: Errno) -> Option<&'static str> {
    Some(match (call, errno) {
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
