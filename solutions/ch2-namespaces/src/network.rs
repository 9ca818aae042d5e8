//! Step 5: a network that at least answers itself.

use sys::Result;

/// Brings the loopback interface `lo` of this network namespace up.
///
/// A new network namespace holds one interface, `lo`, and that is down. Until
/// it is up, a connection to 127.0.0.1 ends in `ENETUNREACH`, even from one
/// process of the container to the next. The address needs no setting: the
/// kernel adds 127.0.0.1 itself when `lo` comes up.
///
/// The flags of an interface are read and written with an ioctl on any socket
/// of the namespace. Needs `CAP_NET_ADMIN` in it. See netdevice(7),
/// network_namespaces(7).
pub fn loopback_up() -> Result<()> {
    // ANCHOR: loopback_up
    use std::os::fd::AsRawFd;

    use nix::libc::{IFF_UP, SIOCGIFFLAGS, SIOCSIFFLAGS, ifreq};
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

    use sys::Error;

    nix::ioctl_read_bad!(get_flags, SIOCGIFFLAGS, ifreq);
    nix::ioctl_write_ptr_bad!(set_flags, SIOCSIFFLAGS, ifreq);

    let socket = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)
        .map_err(|errno| Error::new("socket", errno))?;
    // SAFETY: an ifreq is numbers and bytes, for which zero is a value.
    let mut request: ifreq = unsafe { std::mem::zeroed() };
    for (place, byte) in request.ifr_name.iter_mut().zip(b"lo") {
        *place = *byte as nix::libc::c_char;
    }
    // SAFETY: both calls are given an ifreq that lives until they return, and
    // the first one fills in the flags that the lines below use.
    unsafe {
        get_flags(socket.as_raw_fd(), &mut request).map_err(|errno| Error::new("ioctl SIOCGIFFLAGS", errno))?;
        request.ifr_ifru.ifru_flags |= IFF_UP as nix::libc::c_short;
        set_flags(socket.as_raw_fd(), &request).map_err(|errno| Error::new("ioctl SIOCSIFFLAGS", errno))?;
    }
    Ok(())
    // ANCHOR_END: loopback_up
}
