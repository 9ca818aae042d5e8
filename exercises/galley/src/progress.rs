//! How far a download, an upload or a copy is.
//!
//! On a terminal a bar shows it, on standard error, and goes away in the end.
//! Elsewhere nothing is shown before the end: a log is read later, line by line.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

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
pub struct MeteredStream<T> {
    inner: T,
    progress: Progress,
}

impl<T> MeteredStream<T> {
    pub fn new(inner: T, label: &str, total: u64) -> Self {
        Self { inner, progress: Progress::start(label, total) }
    }
}

impl<R: Read> Read for MeteredStream<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.progress.advance(read as u64);
        Ok(read)
    }
}

impl<W: Write> Write for MeteredStream<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.progress.advance(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Bars of several transfers at the same time, one below the other.
pub struct Bars {
    all: MultiProgress,
    by_label: HashMap<String, ProgressBar>,
}

impl Bars {
    pub fn new() -> Self {
        let target = ProgressDrawTarget::stderr_with_hz(DRAWINGS);
        Self { all: MultiProgress::with_draw_target(target), by_label: HashMap::new() }
    }

    /// So many bytes of that transfer are done in all.
    pub fn moved(&mut self, label: &str, total: u64, done: u64) {
        let new = || styled(self.all.add(ProgressBar::no_length()), label, total);
        self.by_label.entry(label.to_owned()).or_insert_with(new).set_position(done);
    }

    pub fn ended(&mut self, label: &str) {
        if let Some(bar) = self.by_label.remove(label) {
            bar.finish_and_clear();
        }
    }

    /// Prints a line while no bar is in its way.
    pub fn print(&self, out: &mut dyn Write, line: &str) -> io::Result<()> {
        self.all.suspend(|| writeln!(out, "{line}"))
    }
}

impl Drop for Bars {
    /// What was under way when something failed must not stay on the screen.
    fn drop(&mut self) {
        self.by_label.values().for_each(ProgressBar::finish_and_clear);
    }
}

/// Drawn only where a line can be redrawn: not in a file, a pipe or a dumb terminal.
fn bar(label: &str, total: u64, begun: Instant) -> ProgressBar {
    let target = ProgressDrawTarget::stderr_with_hz(DRAWINGS);
    styled(ProgressBar::with_draw_target(None, target).with_elapsed(begun.elapsed()), label, total)
}

fn styled(bar: ProgressBar, label: &str, total: u64) -> ProgressBar {
    let template = match total {
        0 => "{msg} {bytes} {bytes_per_sec} {elapsed}",
        _ => "{msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {eta}",
    };
    if total > 0 {
        bar.set_length(total);
    }
    // A template that was not understood would be a fault of this line alone.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style.progress_chars("=> ")).with_message(label.to_owned())
}
