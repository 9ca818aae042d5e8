//! How far a transfer has come, and whether it is to go on.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Counts the bytes of one blob while they pass.
#[derive(Clone, Default)]
pub struct Progress {
    bytes: Arc<AtomicU64>,
    cancel: Arc<CancelToken>,
}

/// Tells all transfers of an image that one of them has failed.
#[derive(Default)]
pub struct CancelToken {
    cancelled: Mutex<bool>,
    changed: Condvar,
}

impl Progress {
    /// Starts at 0 bytes, and ends early if `cancel` is cancelled.
    pub fn new(cancel: &Arc<CancelToken>) -> Self {
        Self { bytes: Arc::default(), cancel: Arc::clone(cancel) }
    }

    /// Bytes that have passed so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Counts from here: a transfer starts again, or resumes.
    pub fn set(&self, bytes: u64) {
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    /// Waits before another try; false if the transfer was cancelled meanwhile.
    pub fn wait(&self, time: Duration) -> bool {
        let cancelled = self.cancel.cancelled.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.cancel.changed.wait_timeout_while(cancelled, time, |cancelled| !*cancelled);
        !*waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// A reader whose bytes are counted, and that fails once the transfer is cancelled.
    pub fn track<R>(&self, inner: R) -> CountedBody<R> {
        CountedBody { inner, progress: self.clone() }
    }
}

impl CancelToken {
    /// Ends all transfers, and wakes those that wait for another try.
    pub fn cancel(&self) {
        *self.cancelled.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Whether a transfer of the image has failed.
    pub fn is_cancelled(&self) -> bool {
        *self.cancelled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`Progress::track`].
pub struct CountedBody<R> {
    inner: R,
    progress: Progress,
}

impl<R: Read> Read for CountedBody<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.progress.cancel.is_cancelled() {
            return Err(io::Error::other("another part of the image failed"));
        }
        let count = self.inner.read(buffer)?;
        self.progress.bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
