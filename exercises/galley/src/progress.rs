//! How far a download, an upload or a copy is.
//!
//! On a terminal a bar shows it, on standard error, and goes away in the end.
//! Elsewhere nothing is shown before the end: a log is read later, line by line.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What takes less than this needs no bar: it would only flicker.
const PATIENCE: Duration = Duration::from_millis(200);
/// Every drawing is a write to the terminal; the eye needs no more in a second.
const DRAWINGS: u8 = 15;

/// One transfer that is under way. Its bar goes away when this is dropped.
pub struct Progress {
    label: String,
    /// Bytes; 0 if nobody knows.
    total: u64,
    done: u64,
    begun: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Begins something of `total` bytes, 0 if nobody knows how many.
    pub fn start(label: &str, total: u64) -> Self {
        Self { label: label.to_owned(), total, done: 0, begun: Instant::now(), bar: None }
    }

    /// So many more bytes are done.
    pub fn advance(&mut self, bytes: u64) {
        self.done += bytes;
        if self.bar.is_none() && self.begun.elapsed() >= PATIENCE {
            self.bar = Some(bar(&self.label, self.total, self.begun));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.done);
        }
    }
}

impl Drop for Progress {
    /// However it ended, what is printed next must find a clean line.
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A reader or writer with a bar beside it.
pub struct Shown<T> {
    inner: T,
    progress: Progress,
}

impl<T> Shown<T> {
    pub fn new(inner: T, label: &str, total: u64) -> Self {
        Self { inner, progress: Progress::start(label, total) }
    }
}

impl<R: Read> Read for Shown<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.progress.advance(read as u64);
        Ok(read)
    }
}

impl<W: Write> Write for Shown<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.progress.advance(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Drawn only where a line can be redrawn: not in a file, a pipe or a dumb terminal.
fn bar(label: &str, total: u64, begun: Instant) -> ProgressBar {
    let target = ProgressDrawTarget::stderr_with_hz(DRAWINGS);
    let length = (total > 0).then_some(total);
    let bar = ProgressBar::with_draw_target(length, target).with_elapsed(begun.elapsed());
    let template = match length {
        Some(_) => "{msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        None => "{msg} {bytes} {bytes_per_sec} {elapsed}",
    };
    // A template that was not understood would be a fault of this line alone.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style.progress_chars("=> ")).with_message(label.to_owned())
}
