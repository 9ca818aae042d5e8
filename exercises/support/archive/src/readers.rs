//! Readers that watch what passes through them.

use std::io::{self, Read};

use crate::Error;

/// Reads up to a limit, and fails with [`Error::TooLarge`] when there is more: a few
/// kilobytes of gzip can unpack to gigabytes.
pub struct LimitedReader<R> {
    inner: R,
    remaining: u64,
    limit: u64,
}

impl<R: Read> LimitedReader<R> {
    /// Lets `limit` bytes through.
    pub fn new(inner: R, limit: u64) -> Self {
        Self { inner, remaining: limit, limit }
    }
}

impl<R: Read> Read for LimitedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.remaining.checked_sub(read as u64) {
            Some(remaining) => self.remaining = remaining,
            None => return Err(io::Error::other(Error::TooLarge { limit: self.limit })),
        }
        Ok(read)
    }
}

/// Reads exactly as many bytes as the header promised, or fails.
pub struct ExactLengthReader<R> {
    pub inner: R,
    pub remaining: u64,
}

impl<R: Read> Read for ExactLengthReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.by_ref().take(self.remaining).read(buffer)?;
        if read == 0 && self.remaining > 0 && !buffer.is_empty() {
            return Err(io::Error::other("the file became shorter while it was packed"));
        }
        self.remaining -= read as u64;
        Ok(read)
    }
}

/// Passes bytes on, and calls `progress` with the number of each portion.
pub struct ProgressReader<'a, R> {
    inner: R,
    progress: &'a mut dyn FnMut(u64),
}

impl<'a, R> ProgressReader<'a, R> {
    /// Calls `progress` for what is read from `inner`.
    pub fn new(inner: R, progress: &'a mut dyn FnMut(u64)) -> Self {
        Self { inner, progress }
    }
}

impl<R: Read> Read for ProgressReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        (self.progress)(read as u64);
        Ok(read)
    }
}
