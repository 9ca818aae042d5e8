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
    use builder::{Error, Overlay, Program, host_files, make_mount_points};
    use namespaces::Container;
    use storage::layer_cache::lower_dirs;

    let bottom = store.layout.temporary_directory()?;
    make_mount_points(bottom.path())?;
    let mut lower = vec![bottom.path().to_owned()];
    lower.extend(lower_dirs(store, layers, &mut |_| {})?);
    let overlay = Overlay::mount(store, &lower)?;
    let container = Container {
        rootfs: overlay.root(),
        hostname: "build".into(),
        network: process.network,
        mounts: host_files(),
        read_only: false,
        // A build leaves no daemons behind: all processes end with process 1.
        init: false,
    };
    let program = Program::prepare(&process, &overlay.root())?;
    let created = namespaces::create(&container, || program.exec())?;
    let on_end = (process.on_create)(created.pid()).map_err(Error::Cgroup)?;
    let result = created.start().map_err(Error::Start).and_then(|pid| Ok(namespaces::wait(pid)?));
    on_end();
    match result? {
        // What is in the upper directory now is what the command changed, and nothing else.
        0 => Ok(store.write_layer(images::changes(&overlay.upper())?, process.progress)?),
        code => Err(Error::Run { command: process.argv.join(" "), code }),
    }
    // ANCHOR_END: run
}
