//! Pushing an image: its blobs first, its manifest last.

use images::{Digest, Store};

use crate::{Event, Platform, Reference, Report, Result, contents};

/// The most a manifest may have; registries need take no more
/// (distribution-spec, "Pushing Manifests").
pub const MANIFEST_LIMIT: u64 = 4 << 20;

/// Pushes the image that the store has under this name; of several, the one for
/// `platform`.
///
/// A registry refuses a manifest that names blobs it does not have, so layers
/// and config go first. The manifest goes under the tag, byte for byte as it is
/// stored, for its digest is the image's name (distribution-spec, "Pushing
/// Manifests"). `report` is told of each blob, and the digest. If the answer's
/// `docker-content-digest` is another one, the registry has broken a rule.
///
/// # Errors
/// [`crate::Error::NoImage`] if there is none; else what the registry refuses.
pub fn push(store: &Store, reference: &Reference, platform: &Platform, report: Report<'_>) -> Result<Digest> {
    // ANCHOR: push
    let _ = (&store, &reference, &platform, &report); // what you have to work with
    todo!("ch7 step 5: push an image")
    // ANCHOR_END: push
}

/// Pushes what the store has under this name: of an index each image by its
/// digest, and then the index under the tag.
///
/// # Errors
/// As [`push`].
pub fn push_all(store: &Store, reference: &Reference, report: Report<'_>) -> Result<Digest> {
    use crate::client::{Client, Content, Request};

    let index = contents::named(store, reference)?;
    if !index.is_index() {
        return push(store, reference, &Platform::host(), report);
    }
    for entry in index.read_index(reference)?.manifests() {
        let digest = Some(entry.digest().try_into()?);
        push(store, &Reference { tag: None, digest, ..reference.clone() }, &Platform::host(), report)?;
    }
    let client = Client::new(&reference.registry)?;
    let url = client.url(&reference.repository, &format!("manifests/{}", reference.key()));
    let content = Content::Bytes { bytes: &index.bytes, media_type: &index.media_type };
    client.send(&Request::new("PUT", url).content(content), &[201])?;
    report(Event::Line(format!("{}: digest: {} size: {}", reference.key(), index.digest, index.size)))?;
    Ok(index.digest)
}

/// The twelve digits that people see.
pub fn short(digest: &Digest) -> &str {
    &digest.hex()[..12]
}
