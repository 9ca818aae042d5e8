//! Step 3: choose the files a COPY means, and never one outside the context.

use std::path::Path;

use builder::{Result, Selected};
use dockerfile::IgnoreRule;

/// Lists everything that `sources` mean in the directory `context`, sorted and each once.
///
/// A source is a path or a pattern ([`builder::expand_pattern`]). It begins at the context,
/// with or without a slash in front, and may hold `..` that do not lead above the context.
/// Symbolic links to a source and on the way to it are followed as for a process whose root is the
/// context ([`builder::resolve_beneath`]); links below a directory are copied as they are.
///
/// A file keeps the name of the source. Of a directory its contents are meant, and not the
/// directory itself: its own `to` is empty ([`builder::walk`] lists what it holds). What the
/// rules ignore is left out, under its path in the context, also when it is named. But
/// a directory that is left out may hold files that are not.
///
/// # Errors
/// A source that leads out of the context ([`builder::outside_context`]), and one that names
/// no file that is left ([`builder::missing_source`]).
pub fn select(context: &Path, sources: &[String], rules: &[IgnoreRule]) -> Result<Vec<Selected>> {
    // ANCHOR: select
    let _ = (&context, &sources, &rules); // what you have to work with
    todo!("ch5 step 3: choose the files a COPY means")
    // ANCHOR_END: select
}
