//! What is shown of a push or a pull.

use std::io::Write;

use registry::push::short;
use registry::{Direction, Event, lines};

use crate::progress::Bars;

/// Bars for blobs on their way, where there is a terminal, and a line for each
/// that has arrived.
pub fn shown(out: &mut dyn Write, direction: Direction) -> impl FnMut(Event<'_>) -> registry::Result<()> {
    let mut bars = Bars::new();
    move |event| {
        match &event {
            Event::Moved { blob, bytes } => bars.moved(short(&blob.digest), blob.size, *bytes),
            Event::Ended { blob, .. } => bars.ended(short(&blob.digest)),
            Event::Line(_) => {}
        }
        let line = lines::line(&event, direction);
        line.map_or(Ok(()), |line| bars.print(out, &line).map_err(registry::Error::output))
    }
}
