//! Given: telling somebody how far a layer is.
//!
//! Packing and unpacking go through several readers and writers. None of them
//! needs to know who looks on, so the watcher stands beside them, one a thread.

use std::cell::RefCell;
use std::io::{self, Read};

/// Told of every portion of bytes.
pub type Watcher = Box<dyn FnMut(u64)>;

thread_local! {
    static WATCHER: RefCell<Option<Watcher>> = const { RefCell::new(None) };
}

/// Does some work, and tells `watcher` of the bytes that it packs or unpacks in
/// this thread: a packed file's own bytes, and an unpacked layer's compressed ones.
pub fn watched<T>(watcher: Watcher, work: impl FnOnce() -> T) -> T {
    let before = WATCHER.replace(Some(watcher));
    let done = work();
    WATCHER.set(before);
    done
}

/// Passes bytes on, and tells the watcher, if there is one.
pub(crate) struct Watched<R>(pub R);

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        WATCHER.with_borrow_mut(|watcher| {
            if let Some(watcher) = watcher {
                watcher(read as u64);
            }
        });
        Ok(read)
    }
}
