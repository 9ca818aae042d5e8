//! The flags of a network interface: netdevice(7).

use std::os::fd::{AsFd, AsRawFd};

use nix::libc::{SIOCGIFFLAGS, SIOCSIFFLAGS, c_char, c_int, c_short, ifreq};

use crate::{Context, Result};

nix::ioctl_read_bad!(get_flags, SIOCGIFFLAGS, ifreq);
nix::ioctl_write_ptr_bad!(set_flags, SIOCSIFFLAGS, ifreq);

/// Reads the flags of the interface `name`, such as `IFF_UP`, in the network namespace
/// in which `socket` was created. Any socket serves.
///
/// # Errors
/// `ENODEV` if there is no such interface.
pub fn interface_flags(socket: impl AsFd, name: &str) -> Result<c_int> {
    let mut request = request(name);
    // SAFETY: the kernel reads the name and fills in the flags of a whole ifreq.
    unsafe { get_flags(socket.as_fd().as_raw_fd(), &mut request) }.call("ioctl SIOCGIFFLAGS")?;
    // SAFETY: the flags are the part of the union that the call has filled in.
    Ok(unsafe { request.ifr_ifru.ifru_flags }.into())
}

/// Writes all flags of the interface `name`, in the network namespace in which `socket`
/// was created. A flag that is not among them is cleared.
///
/// # Errors
/// `EPERM` without `CAP_NET_ADMIN` in that namespace, `ENODEV` if there is no such
/// interface.
pub fn set_interface_flags(socket: impl AsFd, name: &str, flags: c_int) -> Result<()> {
    let mut request = request(name);
    // The kernel keeps its flags in a short: all that are settable are below 1 << 16.
    request.ifr_ifru.ifru_flags = flags as c_short;
    // SAFETY: the kernel reads the name and the flags of a whole ifreq.
    unsafe { set_flags(socket.as_fd().as_raw_fd(), &request) }.call("ioctl SIOCSIFFLAGS")?;
    Ok(())
}

fn request(name: &str) -> ifreq {
    // SAFETY: an ifreq is numbers and bytes, for which zero is a value.
    let mut request: ifreq = unsafe { std::mem::zeroed() };
    // The last byte stays zero and ends the name.
    let room = request.ifr_name.len() - 1;
    for (slot, byte) in request.ifr_name[..room].iter_mut().zip(name.bytes()) {
        *slot = byte as c_char;
    }
    request
}
