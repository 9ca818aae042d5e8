//! Step 8: make a layer out of what a command changed.

use builder::{Process, Result};
use images::{Layer, Store};

/// Runs a command on top of some layers, lowest first, and makes a layer of what it changed.
///
/// It runs as a container of chapter 2 called `build`, with the network that `process` says
/// and with the host's `/etc/hosts`, `/etc/resolv.conf` and certificates in it, read-only
/// ([`builder::host_files`]). None of that may land in the layer. So their mount points lie
/// in one more directory below all layers ([`builder::make_mount_points`]): mounting then
/// has nothing to make.
///
/// `process.on_create` is called with the created process before it starts, and what it
/// returned when the process has ended, also if it could not be started.
///
/// See Documentation/filesystems/overlayfs.rst, "Upper and Lower".
///
/// # Errors
/// [`Error::Run`](builder::Error::Run) with the command's own exit code if that is not 0.
pub fn run(store: &Store, layers: &[Layer], process: Process<'_>) -> Result<Layer> {
    // ANCHOR: run
    let _ = (&store, &layers, &process); // what you have to work with
    todo!("ch5 step 8: make a layer out of what a command changed")
    // ANCHOR_END: run
}
