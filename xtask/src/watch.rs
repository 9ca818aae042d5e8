//! `cargo xtask check --watch`: grades again whenever a file is saved.

use std::io::{Write, stdout};
use std::time::Duration;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use crate::check::run::{self, Request};
use crate::error::{Error, Result};
use crate::repo::{Repo, Tree};

/// Grades, waits for a save, and grades again, until it is interrupted.
///
/// The sandbox ends a check that never ends, so it cannot block this; a save meanwhile waits
/// in the queue until the verdict is printed.
pub fn run(repo: &Repo, name: Option<&str>, step: Option<usize>, time: Option<Duration>) -> Result<u8> {
    loop {
        // Looked up each time, because after the last step comes the next chapter.
        let request = Request {
            chapters: run::chapters(repo, name)?,
            step,
            tree: Tree::Exercises,
            json: false,
            time,
            user: None,
        };
        // Watched before it is graded, so that no save falls in between.
        let queue = Inotify::init(InitFlags::IN_CLOEXEC).map_err(Error::call("inotify_init1"))?;
        for chapter in &request.chapters {
            let source = repo.source(Tree::Exercises, chapter);
            let saved = AddWatchFlags::IN_CLOSE_WRITE | AddWatchFlags::IN_MOVED_TO | AddWatchFlags::IN_DELETE;
            queue.add_watch(&source, saved).map_err(Error::call("inotify_add_watch"))?;
        }
        // ED and H: erase the screen, and go to its corner (console_codes(4)).
        print!("\x1b[2J\x1b[H");
        // An error, for example from a half-saved file, must not end the watch.
        if let Err(error) = run::run(repo, &request) {
            println!("xtask: {error}");
        }
        println!("\nwaiting for you to save; Ctrl-C ends it");
        stdout().flush().map_err(Error::file("write to", "standard output".as_ref()))?;
        queue.read_events().map_err(Error::call("read"))?;
    }
}
