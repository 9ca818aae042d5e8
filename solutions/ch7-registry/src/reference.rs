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
    use distribution::Error;
    use distribution::grammar::{check_registry, check_repository, check_tag};

    let refuse = |why| Error::Reference { text: text.to_owned(), why };
    if text.is_empty() {
        return Err(refuse("it is empty"));
    }
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (text, None),
    };
    // A colon begins the tag only behind the last slash; before it, a port.
    let last = rest.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match rest[last..].find(':') {
        Some(colon) => (&rest[..last + colon], Some(&rest[last + colon + 1..])),
        None => (rest, None),
    };
    let capital = |part: &str| part.bytes().any(|byte| byte.is_ascii_uppercase());
    let (registry, path) = match name.split_once('/') {
        Some((first, path)) if first.contains(['.', ':']) || first == "localhost" || capital(first) => (first, path),
        _ => ("docker.io", name),
    };
    let registry = if registry == "index.docker.io" { "docker.io" } else { registry };
    let is_id = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if is_id {
        return Err(refuse("64 hexadecimal digits are an image's id"));
    }
    let official = registry == "docker.io" && !path.contains('/');
    let repository = if official { format!("library/{path}") } else { path.to_owned() };
    check_registry(registry).and(check_repository(&repository)).map_err(refuse)?;
    let tag = tag.or(if digest.is_none() { Some("latest") } else { None });
    tag.map_or(Ok(()), check_tag).map_err(refuse)?;
    let no_digest = |_| refuse("behind the @ stands no sha256: digest of 64 digits 0-9a-f");
    let digest = digest.map(str::parse).transpose().map_err(no_digest)?;
    Ok(Reference { registry: registry.to_owned(), repository, tag: tag.map(str::to_owned), digest })
    // ANCHOR_END: parse_reference
}
