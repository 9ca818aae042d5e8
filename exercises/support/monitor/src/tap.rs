//! The network card of a private network: tun(4).

use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::thread;

use nix::libc::{IFF_NO_PI, IFF_TAP, ifreq};
use nix::sched::{CloneFlags, setns};
use sys::Context;

/// The kernel's end of a network card that a program plays.
pub(crate) const TUN: &str = "/dev/net/tun";

/// The card's name inside. With the zero that ends it, it fits in an `ifreq`.
pub(crate) const NAME: &str = "tap0";

/// From linux/if_tun.h, which the libc crate leaves out: a letter and a number that make
/// up an ioctl's code, and the size of what it reads.
mod requests {
    use nix::libc::{c_int, ifreq};
    use nix::request_code_write;

    nix::ioctl_write_ptr_bad!(set_interface, request_code_write!(b'T', 202, size_of::<c_int>()), ifreq);
    nix::ioctl_write_int_bad!(set_persistent, request_code_write!(b'T', 203, size_of::<c_int>()));
}

/// Makes a card in the network namespace `network` that stays until the namespace ends.
///
/// Otherwise the program that plays the card makes one, and the card ends with the
/// program. Removing a card is slow, because the kernel waits until no processor can
/// still be handling a packet of it, and that would be the last thing each `galley run`
/// waits for. A card that ends with its namespace is removed in the kernel's own time.
///
/// # Errors
/// open(2) of [`TUN`], setns(2), and the ioctls of tun(4).
pub(crate) fn create(network: &File) -> sys::Result<()> {
    // setns moves one thread: when this one ends, nothing here has moved.
    let made = thread::scope(|scope| {
        let enter_and_make = || {
            setns(network, CloneFlags::CLONE_NEWNET).call("setns")?;
            create_here()
        };
        scope.spawn(enter_and_make).join()
    });
    made.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Makes the card in this thread's network namespace.
fn create_here() -> sys::Result<()> {
    let card = OpenOptions::new().read(true).write(true).open(TUN).context("open", TUN)?;
    // SAFETY: an ifreq is numbers and bytes, for which zero is a value.
    let mut request: ifreq = unsafe { std::mem::zeroed() };
    for (to, byte) in request.ifr_name.iter_mut().zip(NAME.bytes()) {
        *to = byte as nix::libc::c_char;
    }
    // Whole Ethernet frames, and nothing before them.
    request.ifr_ifru.ifru_flags = (IFF_TAP | IFF_NO_PI) as nix::libc::c_short;
    // SAFETY: it is given an ifreq that lives until it returns.
    unsafe { requests::set_interface(card.as_raw_fd(), &request) }.call("ioctl TUNSETIFF")?;
    // SAFETY: it is given a number, and does not touch memory.
    unsafe { requests::set_persistent(card.as_raw_fd(), 1) }.map(drop).call("ioctl TUNSETPERSIST")
}
