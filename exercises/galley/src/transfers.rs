//! What is shown of a push or a pull.

use std::io::Write;

use http_client::{Direction, Event, line};
use sys::Context;

use crate::progress::Bars;

/// Bars for blobs on their way, where there is a terminal, and a line for each
/// that has arrived.
pub fn shown(out: &mut dyn Write, direction: Direction) -> impl FnMut(Event<'_>) -> sys::Result<()> {
    let mut bars = Bars::new();
    move |event| {
        match &event {
            Event::Moved { blob, bytes } => bars.moved(&blob.digest.hex()[..12], blob.size, *bytes),
            Event::Ended { blob, .. } => bars.ended(&blob.digest.hex()[..12]),
            Event::Line(_) => {}
        }
        let line = line(&event, direction);
        line.map_or(Ok(()), |line| bars.print(out, &line).context("write to", "the output"))
    }
}
