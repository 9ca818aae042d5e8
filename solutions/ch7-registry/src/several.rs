//! Several blobs at once, and what is told of them on the way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use images::Blob;

use crate::meter::{Meter, Stop};
use crate::{Client, Result, Transfer};

/// So many blobs are on their way at the same time, as with Docker.
const AT_ONCE: usize = 3;
/// How often it is told how far they have come.
const PULSE: Duration = Duration::from_millis(100);

/// What a push or a pull tells while it runs.
#[derive(Debug)]
pub enum Event<'a> {
    /// Something about the image as a whole.
    Line(String),
    /// So many bytes of a blob have passed.
    Moved { blob: &'a Blob, bytes: u64 },
    /// The blob is on the other side.
    Ended { blob: &'a Blob, transfer: Transfer, bytes: u64, took: Duration },
}

/// Whoever is told. An error ends the push or the pull.
pub type Report<'a> = &'a mut dyn FnMut(Event<'_>) -> Result<()>;

/// A blob that a thread is busy with.
struct Busy<'a> {
    blob: &'a Blob,
    meter: Meter,
    since: Instant,
}

impl Client {
    /// Does the same with each blob, a few at a time. Each gets a client of its
    /// own that shares connections, logins and tokens, but counts its bytes.
    ///
    /// # Errors
    /// The first of all; the other transfers stop when it happens.
    pub fn each<'a>(
        &self,
        blobs: &'a [Blob],
        report: Report<'_>,
        one: impl Fn(&Self, &Blob) -> Result<Transfer> + Sync,
    ) -> Result<()> {
        // An image may name a layer twice.
        let mut once: Vec<&'a Blob> = Vec::new();
        for blob in blobs {
            if !once.contains(&blob) {
                once.push(blob);
            }
        }
        let (next, stop) = (AtomicUsize::new(0), Arc::new(Stop::default()));
        let busy: Mutex<Vec<Busy<'a>>> = Mutex::default();
        let lock = || busy.lock().unwrap_or_else(PoisonError::into_inner);
        let (sender, receiver) = mpsc::channel();
        let work = |sender: mpsc::Sender<_>| {
            while let Some(&blob) = once.get(next.fetch_add(1, Ordering::Relaxed)).filter(|_| !stop.is_set()) {
                let meter = Meter::new(&stop);
                lock().push(Busy { blob, meter: meter.clone(), since: Instant::now() });
                let result = one(&self.metered(meter), blob);
                let mut all = lock();
                let at = all.iter().position(|busy| busy.blob.digest == blob.digest);
                if result.is_err() {
                    stop.now();
                }
                // The receiver outlives all senders.
                let _ = sender.send((at.map(|at| all.swap_remove(at)), result));
            }
        };
        thread::scope(|scope| {
            (0..AT_ONCE.min(once.len())).for_each(|_| {
                drop(scope.spawn({
                    let (sender, work) = (sender.clone(), &work);
                    move || work(sender)
                }))
            });
            drop(sender);
            let mut first = Ok(());
            loop {
                let told = match receiver.recv_timeout(PULSE) {
                    Ok((Some(busy), Ok(transfer))) => report(busy.ended(transfer)),
                    Ok((_, result)) => result.map(drop),
                    Err(RecvTimeoutError::Timeout) => lock().iter().try_for_each(|busy| report(busy.moved())),
                    Err(RecvTimeoutError::Disconnected) => break,
                };
                if first.is_ok() && told.is_err() {
                    stop.now();
                    first = told;
                }
            }
            first
        })
    }
}

impl<'a> Busy<'a> {
    fn moved(&self) -> Event<'a> {
        Event::Moved { blob: self.blob, bytes: self.meter.bytes() }
    }

    fn ended(&self, transfer: Transfer) -> Event<'a> {
        Event::Ended { blob: self.blob, transfer, bytes: self.meter.bytes(), took: self.since.elapsed() }
    }
}
