//! Network interfaces, through the calls of netdevice(7).
//!
//! The sandbox, too, is built from this file: it brings up the loopback interface of
//! each check. nix's sockets would be a tenth of what is compiled before the first
//! check; libc is there anyway.

use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixDatagram;

use nix::errno::Errno;
use nix::libc;

/// One interface of this process's network namespace, and the request to the kernel.
pub struct Interface {
    /// Any socket will do: it belongs to the network namespace that it was created in.
    socket: UnixDatagram,
    request: libc::ifreq,
}

impl Interface {
    pub fn new(name: &str) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        // SAFETY: `ifreq` is plain old data, for which all zeroes is a valid value.
        let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
        // The last byte stays zero, which ends the name.
        let room = libc::IFNAMSIZ - 1;
        for (to, from) in request.ifr_name.iter_mut().zip(name.bytes().take(room)) {
            *to = from as libc::c_char;
        }
        Ok(Self { socket, request })
    }

    /// Whether it is up; see SIOCGIFFLAGS.
    pub fn is_up(&mut self) -> io::Result<bool> {
        // SAFETY: the socket is open, and the request outlives the call.
        let result = unsafe { libc::ioctl(self.socket.as_raw_fd(), libc::SIOCGIFFLAGS, &mut self.request) };
        Errno::result(result)?;
        // SAFETY: the kernel has just filled in the flags.
        let flags = unsafe { self.request.ifr_ifru.ifru_flags };
        Ok(libc::c_int::from(flags) & libc::IFF_UP != 0)
    }

    /// Brings it up; see SIOCSIFFLAGS.
    pub fn bring_up(&mut self) -> io::Result<()> {
        if self.is_up()? {
            return Ok(());
        }
        // SAFETY: the flags were filled in by `is_up`, the socket is open, and the
        // request outlives the call.
        let result = unsafe {
            self.request.ifr_ifru.ifru_flags |= libc::IFF_UP as libc::c_short;
            libc::ioctl(self.socket.as_raw_fd(), libc::SIOCSIFFLAGS, &self.request)
        };
        Errno::result(result)?;
        Ok(())
    }
}
