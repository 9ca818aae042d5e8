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
    use crate::is_ignored;
    use builder::{expand_pattern, join, missing_source, outside_context, resolve_beneath, walk};
    use std::collections::BTreeSet;
    use std::path::{Component, PathBuf};

    let mut selected = BTreeSet::new();
    for source in sources {
        let mut pattern = PathBuf::new();
        for part in Path::new(source).components() {
            match part {
                Component::Normal(name) => pattern.push(name),
                Component::ParentDir if !pattern.pop() => return Err(outside_context(source).into()),
                _ => {}
            }
        }
        let mut found = false;
        for path in expand_pattern(context, &pattern)? {
            let from = resolve_beneath(context, &path)?;
            let name = if from.is_dir() { Path::new("") } else { Path::new(path.file_name().unwrap_or_default()) };
            for below in walk(&from)? {
                if !is_ignored(rules, &join(&path, &below)) {
                    selected.insert(Selected { to: join(name, &below), from: join(&from, &below) });
                    found = true;
                }
            }
        }
        if !found {
            return Err(missing_source(context, source).into());
        }
    }
    Ok(selected.into_iter().collect())
    // ANCHOR_END: select
}
