//! Bringing up the loopback interface of a fresh network namespace.

use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;

/// netdevice(7): SIOCGIFFLAGS, set IFF_UP, SIOCSIFFLAGS.
pub fn loopback_up() -> nix::Result<()> {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
    use std::os::fd::AsRawFd;
    let socket = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)?;
    // SAFETY: `ifreq` is plain old data, for which all zeroes is a valid value.
    let mut request: nix::libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(std::ffi::OsStr::new("lo").as_bytes()) {
        *to = *from as nix::libc::c_char;
    }
    // SAFETY: the descriptor is an open socket and the request outlives both calls;
    // the kernel fills the flags before they are read.
    unsafe {
        Errno::result(nix::libc::ioctl(socket.as_raw_fd(), nix::libc::SIOCGIFFLAGS, &mut request))?;
        request.ifr_ifru.ifru_flags |= nix::libc::IFF_UP as nix::libc::c_short;
        Errno::result(nix::libc::ioctl(socket.as_raw_fd(), nix::libc::SIOCSIFFLAGS, &request))?;
    }
    Ok(())
}
