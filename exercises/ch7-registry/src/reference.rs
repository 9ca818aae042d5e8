//! Step 1: an image's name.

use distribution::{Reference, Result};

/// Reads a name as Docker does, and completes it.
///
/// The grammar is that of the distribution project's `reference` package. What
/// stands before the first slash is a registry if it has a dot or a colon, is
/// `localhost`, or has a capital letter; otherwise the registry is `docker.io`,
/// whose one-part names belong to `library/`. An older name of `docker.io` is
/// `index.docker.io`. Without a tag and a digest, the tag is `latest`. 64
/// hexadecimal digits alone are an image's id, and not a name.
///
/// # Errors
/// [`distribution::Error::Reference`] with the reason, from [`distribution::grammar`].
pub fn parse_reference(text: &str) -> Result<Reference> {
    // ANCHOR: parse_reference
    let _ = &text; // what you have to work with
    todo!("ch7 step 1: read an image's name as Docker does")
    // ANCHOR_END: parse_reference
}
