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
    let _ = (&rules, &path); // what you have to work with
    todo!("ch5 step 2: decide what .dockerignore leaves out")
    // ANCHOR_END: is_ignored
}
