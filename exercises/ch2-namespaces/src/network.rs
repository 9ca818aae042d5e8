//! Step 5: a network that at least answers itself.

use sys::Result;

/// Brings the loopback interface `lo` of this network namespace up.
///
/// A new network namespace holds one interface, `lo`, and that is down. Until it is up, a
/// connection to 127.0.0.1 ends in `ENETUNREACH`, even from one process of the container
/// to another. The address need not be set: the kernel adds 127.0.0.1 itself when `lo`
/// comes up.
///
/// An interface has one set of flags, which is read and written as a whole, through a
/// socket ([`sys::interface_flags`], [`sys::set_interface_flags`]). A socket stays in the
/// network namespace in which it was created, and so do the interfaces that it reaches.
///
/// # Errors
/// `EPERM` without `CAP_NET_ADMIN` in the namespace. See netdevice(7),
/// network_namespaces(7).
pub fn loopback_up() -> Result<()> {
    // ANCHOR: loopback_up
    todo!("ch2 step 5: bring up the network's loopback")
    // ANCHOR_END: loopback_up
}
