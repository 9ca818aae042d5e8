//! `galley logs`.

use std::fs::File;
use std::io::{ErrorKind, Write, copy, stdout};
use std::path::Path;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use run::{Container, Containers};

use crate::cli::Logs;
use crate::error::{Error, Result};
use crate::home::Home;

/// Prints what a detached container has printed so far; with `-f`, until it ends.
pub fn logs(arguments: &Logs) -> Result<()> {
    let containers = Home::find()?.containers()?;
    let (container, _) = containers.find(&arguments.container)?;
    let directory = containers.directory(&container.id);
    let path = directory.join("log");
    let mut log = match File::open(&path) {
        Ok(log) => log,
        // A container in the foreground printed to the terminal; there is no log.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::file("open", &path)(error)),
    };
    if arguments.follow {
        return follow(&containers, &container, &mut log);
    }
    print(&mut log)
}

/// Prints from where the last call ended.
fn print(log: &mut File) -> Result<()> {
    let mut out = stdout();
    let printed = copy(log, &mut out).and_then(|_| out.flush());
    printed.map_err(Error::file("print", Path::new("the log")))
}

/// Waits with inotify(7) for what happens in the container's directory: the log
/// is written to, or the lock is closed, which its monitor does at its end.
fn follow(containers: &Containers, container: &Container, log: &mut File) -> Result<()> {
    let fault = |call| move |errno| Error::Call(sys::Error::new(call, errno));
    let events = Inotify::init(InitFlags::IN_CLOEXEC).map_err(fault("inotify_init"))?;
    let wanted = AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_CLOSE_WRITE | AddWatchFlags::IN_DELETE_SELF;
    events.add_watch(&containers.directory(&container.id), wanted).map_err(fault("inotify_add_watch"))?;
    // Asked only now: from here on its end cannot be missed.
    let mut running = containers.is_running(container)?;
    while running {
        print(log)?;
        let seen = events.read_events().map_err(fault("read"))?;
        running = !seen.iter().any(|event| {
            let closed = event.mask.contains(AddWatchFlags::IN_CLOSE_WRITE);
            (closed && event.name.as_deref().is_some_and(|name| name == "lock"))
                || event.mask.contains(AddWatchFlags::IN_DELETE_SELF)
        });
    }
    print(log)
}
