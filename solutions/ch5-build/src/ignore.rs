//! Step 2: decide what `.dockerignore` leaves out.

use std::path::Path;

use dockerfile::IgnoreRule;

/// Whether the rules of a `.dockerignore` leave out `path`, a path in the context such as
/// `src/main.c`.
///
/// The rules are in the order of the file, and the last one that matches decides: it
/// leaves the path out, or, as an `exception`, brings it back. A rule that matches a
/// directory matches everything in it, at any depth. Without a match, the path stays.
///
/// See <https://docs.docker.com/build/concepts/context/#dockerignore-files>.
pub fn is_ignored(rules: &[IgnoreRule], path: &Path) -> bool {
    // ANCHOR: is_ignored
    for rule in rules.iter().rev() {
        // `src/lib/x.c`, then `src/lib`, then `src`; the empty path is the context itself.
        let mut paths = path.ancestors().filter(|path| !path.as_os_str().is_empty());
        if paths.any(|path| rule.pattern.matches(path)) {
            return !rule.exception;
        }
    }
    false
    // ANCHOR_END: is_ignored
}
