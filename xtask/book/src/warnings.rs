//! Counts what mdBook warns about, so that a warning can fail the build.
//!
//! mdBook logs through `tracing` and goes on; a page with a broken include or an
//! unclosed tag would be published. This subscriber prints each message and counts.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

// `tracing` has one subscriber for the whole process, and it wants to own it.
static SEEN: AtomicUsize = AtomicUsize::new(0);

/// Starts listening. Calling it again changes nothing.
pub fn listen() {
    // An error here means that we are listening already.
    let _ = tracing::subscriber::set_global_default(Listener);
}

/// The number of warnings and errors since the last call.
pub fn take_count() -> usize {
    SEEN.swap(0, Ordering::SeqCst)
}

struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn event(&self, event: &Event<'_>) {
        SEEN.fetch_add(1, Ordering::SeqCst);
        event.record(&mut Printer);
    }

    // mdBook opens no spans, and none would matter here.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Printer;

impl Visit for Printer {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            eprintln!("mdbook: {value:?}");
        }
    }
}
