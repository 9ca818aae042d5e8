//! How far a transfer has come, and whether it shall go on.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Counts the bytes of one blob, for those who want to know.
#[derive(Clone, Default)]
pub struct Meter {
    bytes: Arc<AtomicU64>,
    stop: Arc<Stop>,
}

/// Tells all transfers of an image that one of them has failed.
#[derive(Default)]
pub struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Meter {
    pub fn new(stop: &Arc<Stop>) -> Self {
        Self { bytes: Arc::default(), stop: Arc::clone(stop) }
    }

    /// Bytes that have passed so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// A transfer that begins anew, or goes on from here.
    pub fn set(&self, bytes: u64) {
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    /// Waits before another try; false if there is to be none.
    pub fn wait(&self, time: Duration) -> bool {
        let stopped = self.stop.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.stop.changed.wait_timeout_while(stopped, time, |stopped| !*stopped);
        !*waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// A reader that is counted, and that fails once the others were stopped.
    pub fn measure<R>(&self, inner: R) -> Measured<R> {
        Measured { inner, meter: self.clone() }
    }
}

impl Stop {
    pub fn now(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    pub fn is_set(&self) -> bool {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub struct Measured<R> {
    inner: R,
    meter: Meter,
}

impl<R: Read> Read for Measured<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.meter.stop.is_set() {
            return Err(io::Error::other("another part of the image failed"));
        }
        let count = self.inner.read(buffer)?;
        self.meter.bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
