//! Given: the network card of a private network.

use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::thread;

use nix::libc::{IFF_NO_PI, IFF_TAP, ifreq};
use nix::sched::{CloneFlags, setns};

use crate::error::{Error, Result};

/// The kernel's end of a network card that a program plays: tun(4).
pub const TUN: &str = "/dev/net/tun";

/// What the card is called inside. With the zero that ends it, it fits in an `ifreq`.
pub const NAME: &str = "tap0";

/// From linux/if_tun.h, which the libc crate leaves out: a letter and a number that
/// make up an ioctl's code, and the size of what it reads.
mod requests {
    use nix::libc::{c_int, ifreq};
    use nix::request_code_write;

    nix::ioctl_write_ptr_bad!(set_interface, request_code_write!(b'T', 202, size_of::<c_int>()), ifreq);
    nix::ioctl_write_int_bad!(set_persistent, request_code_write!(b'T', 203, size_of::<c_int>()));
}

/// Puts a card into the network namespace `network` that stays there until the
/// namespace ends.
///
/// Without it the program that plays the card makes one, and the card ends with the
/// program. Taking a card out is slow: the kernel waits until no processor can have a
/// packet of it in its hands. That would be the last thing each `galley run` waits for,
/// longer than for all the rest. A card that goes with its namespace is taken out in
/// the kernel's own time.
///
/// # Errors
/// open(2) of [`TUN`], setns(2), and the ioctls of tun(4).
pub fn put_into(network: &File) -> Result<()> {
    // A namespace is a thread's: when this one ends, nobody here has moved.
    let made = thread::scope(|scope| {
        let thread = scope.spawn(|| {
            setns(network, CloneFlags::CLONE_NEWNET).map_err(Error::call("setns"))?;
            make()
        });
        thread.join()
    });
    made.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Makes the card in this thread's network namespace.
fn make() -> Result<()> {
    let tun = Path::new(TUN);
    let card = OpenOptions::new().read(true).write(true).open(tun).map_err(Error::file("open", tun))?;
    // SAFETY: an ifreq is numbers and bytes, for which zero is a value.
    let mut request: ifreq = unsafe { std::mem::zeroed() };
    for (place, byte) in request.ifr_name.iter_mut().zip(NAME.bytes()) {
        *place = byte as nix::libc::c_char;
    }
    // Whole Ethernet frames, and nothing before them.
    request.ifr_ifru.ifru_flags = (IFF_TAP | IFF_NO_PI) as nix::libc::c_short;
    // SAFETY: it is given an ifreq that lives until it returns.
    unsafe { requests::set_interface(card.as_raw_fd(), &request) }.map_err(Error::call("ioctl TUNSETIFF"))?;
    // SAFETY: it is given a number, and does not touch memory.
    unsafe { requests::set_persistent(card.as_raw_fd(), 1) }.map_err(Error::call("ioctl TUNSETPERSIST"))?;
    Ok(())
}
