//! Several blobs at once, and what is reported of them on the way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use archive::Blob;

use crate::Client;
use crate::progress::{CancelToken, Progress};

/// So many blobs are transferred at the same time, as with Docker.
const MAX_PARALLEL: usize = 3;
/// How often it is reported how far they have come.
const REPORT_INTERVAL: Duration = Duration::from_millis(100);

/// How a blob came to be on the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// Its bytes were sent.
    Done,
    /// It was there before.
    NotNeeded,
    /// The registry has it from another of its repositories.
    Mounted,
}

/// What a push or a pull reports while it runs.
#[derive(Debug)]
pub enum Event<'a> {
    /// Something about the image as a whole.
    Line(String),
    /// So many bytes of a blob have passed.
    Moved { blob: &'a Blob, bytes: u64 },
    /// The blob is on the other side.
    Ended { blob: &'a Blob, transfer: Transfer, bytes: u64, took: Duration },
}

/// Receives the events. An error ends the push or the pull.
pub type Report<'a> = &'a mut dyn FnMut(Event<'_>) -> sys::Result<()>;

/// A blob that a thread is busy with.
struct Busy<'a> {
    blob: &'a Blob,
    progress: Progress,
    since: Instant,
}

/// Calls `transfer` for each blob, a few at a time. Each call gets a client of its own
/// that shares connections, login and tokens, but counts its bytes.
///
/// # Errors
/// The first of all; the other transfers stop when it happens.
pub fn for_each<'a, E: From<sys::Error> + Send>(
    client: &Client,
    blobs: &'a [Blob],
    report: Report<'_>,
    transfer: impl Fn(&Client, &Blob) -> Result<Transfer, E> + Sync,
) -> Result<(), E> {
    // An image may list a layer twice.
    let mut once: Vec<&'a Blob> = Vec::new();
    for blob in blobs {
        if !once.contains(&blob) {
            once.push(blob);
        }
    }
    let (next, cancel) = (AtomicUsize::new(0), Arc::new(CancelToken::default()));
    let busy: Mutex<Vec<Busy<'a>>> = Mutex::default();
    let lock = || busy.lock().unwrap_or_else(PoisonError::into_inner);
    let (sender, receiver) = mpsc::channel();
    let work = |sender: mpsc::Sender<_>| {
        while let Some(&blob) = once.get(next.fetch_add(1, Ordering::Relaxed)).filter(|_| !cancel.is_cancelled()) {
            let progress = Progress::new(&cancel);
            lock().push(Busy { blob, progress: progress.clone(), since: Instant::now() });
            let result = transfer(&client.with_progress(progress), blob);
            let mut all = lock();
            let index = all.iter().position(|busy| busy.blob.digest == blob.digest);
            if result.is_err() {
                cancel.cancel();
            }
            // The receiver outlives all senders.
            let _ = sender.send((index.map(|index| all.swap_remove(index)), result));
        }
    };
    thread::scope(|scope| {
        for _ in 0..MAX_PARALLEL.min(once.len()) {
            let (sender, work) = (sender.clone(), &work);
            scope.spawn(move || work(sender));
        }
        drop(sender);
        let mut first = Ok(());
        loop {
            let result = match receiver.recv_timeout(REPORT_INTERVAL) {
                Ok((Some(busy), Ok(transfer))) => report(busy.ended(transfer)).map_err(E::from),
                Ok((_, result)) => result.map(drop),
                Err(RecvTimeoutError::Timeout) => {
                    lock().iter().try_for_each(|busy| report(busy.moved())).map_err(E::from)
                }
                Err(RecvTimeoutError::Disconnected) => break,
            };
            if first.is_ok() && result.is_err() {
                cancel.cancel();
                first = result;
            }
        }
        first
    })
}

impl<'a> Busy<'a> {
    fn moved(&self) -> Event<'a> {
        Event::Moved { blob: self.blob, bytes: self.progress.bytes() }
    }

    fn ended(&self, transfer: Transfer) -> Event<'a> {
        Event::Ended { blob: self.blob, transfer, bytes: self.progress.bytes(), took: self.since.elapsed() }
    }
}
