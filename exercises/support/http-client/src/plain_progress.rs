//! The progress of a push or a pull in plain lines: for files, pipes and logs.

use std::io::Write;
use std::time::Duration;

use archive::Blob;
use sys::Context;

use crate::{Event, Transfer};

/// Which way the blobs go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Push,
    Pull,
}

/// Writes a line for each blob that is on the other side, and for the image.
pub fn to_lines<'a>(out: &'a mut dyn Write, direction: Direction) -> impl FnMut(Event<'_>) -> sys::Result<()> + 'a {
    move |event| match line(&event, direction) {
        Some(line) => writeln!(out, "{line}").context("write to", "the output"),
        None => Ok(()),
    }
}

/// The line for an event; none for a blob that is still on its way.
pub fn line(event: &Event<'_>, direction: Direction) -> Option<String> {
    match event {
        Event::Line(text) => Some(text.clone()),
        Event::Moved { .. } => None,
        Event::Ended { blob, transfer, bytes, took } => Some(ended(blob, *transfer, *bytes, *took, direction)),
    }
}

fn ended(blob: &Blob, transfer: Transfer, bytes: u64, took: Duration, direction: Direction) -> String {
    let name = &blob.digest.hex()[..12];
    match (transfer, direction) {
        (Transfer::NotNeeded, _) => format!("{name}: Already exists"),
        (Transfer::Mounted, _) => format!("{name}: Mounted from another repository"),
        (Transfer::Done, Direction::Push) => format!("{name}: Pushed {}", format_amount(bytes, took)),
        (Transfer::Done, Direction::Pull) => format!("{name}: Pull complete {}", format_amount(bytes, took)),
    }
}

/// `1.5 MB in 0.3 s, 5.0 MB/s`: how much passed, and how fast. There is no rate for less
/// than a tenth of a second, because it would say nothing.
pub fn format_amount(bytes: u64, took: Duration) -> String {
    let (bytes, seconds) = (bytes as f64, took.as_secs_f64());
    if seconds < 0.1 {
        return size(bytes);
    }
    format!("{} in {seconds:.1} s, {}/s", size(bytes), size(bytes / seconds))
}

/// Bytes in the decimal units that Docker shows.
fn size(bytes: f64) -> String {
    let units = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let fits = units.into_iter().find(|(unit, _)| bytes >= *unit);
    fits.map_or_else(|| format!("{bytes:.0} B"), |(unit, name)| format!("{:.1} {name}", bytes / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_shown_with_their_rate() {
        assert_eq!(format_amount(1_500_000, Duration::from_millis(300)), "1.5 MB in 0.3 s, 5.0 MB/s");
        assert_eq!(format_amount(10, Duration::ZERO), "10 B");
    }
}
