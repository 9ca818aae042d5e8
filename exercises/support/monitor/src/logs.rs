//! What a detached container printed.

use std::fs::File;
use std::io::{Write, copy};

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use run::{Container, LOCK};
use sys::Context;

use crate::containers::Containers;
use crate::error::Result;

/// Writes what the container has printed so far to `out`; with `follow`, until it ends.
///
/// # Errors
/// open(2), read(2), write(2), inotify(7). An attached container has no log.
pub fn logs(containers: &Containers, container: &Container, follow: bool, out: &mut impl Write) -> Result<()> {
    let path = containers.directory(&container.id).join("log");
    let mut log = match File::open(&path).context("open", &path) {
        Err(error) if error.errno == Errno::ENOENT => return Ok(()),
        log => log?,
    };
    if follow {
        return follow_log(containers, container, &mut log, out);
    }
    print(&mut log, out)
}

/// Prints from where the last call ended.
fn print(log: &mut File, out: &mut impl Write) -> Result<()> {
    Ok(copy(log, out).and_then(|_| out.flush()).context("print", "log")?)
}

/// Waits with inotify(7) for what happens in the container's directory: the log is
/// written to, or the lock is closed, which its monitor does at its end.
fn follow_log(containers: &Containers, container: &Container, log: &mut File, out: &mut impl Write) -> Result<()> {
    let events = Inotify::init(InitFlags::IN_CLOEXEC).call("inotify_init")?;
    let wanted = AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_CLOSE_WRITE | AddWatchFlags::IN_DELETE_SELF;
    let directory = containers.directory(&container.id);
    events.add_watch(&directory, wanted).context("inotify_add_watch", &directory)?;
    // Asked only now: from here on its end cannot be missed.
    let mut running = containers.is_running(container)?;
    while running {
        print(log, out)?;
        let seen = events.read_events().call("read")?;
        running = !seen.iter().any(|event| {
            let closed = event.mask.contains(AddWatchFlags::IN_CLOSE_WRITE);
            (closed && event.name.as_deref().is_some_and(|name| name == LOCK))
                || event.mask.contains(AddWatchFlags::IN_DELETE_SELF)
        });
    }
    print(log, out)
}
