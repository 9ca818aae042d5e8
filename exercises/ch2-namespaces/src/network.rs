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
    todo!("ch2 step 5: bring up the network's loopback")
    // ANCHOR_END: loopback_up
}
