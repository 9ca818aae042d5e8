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
    use crate::client::{Content, Request, broken_rule};
    use crate::contents::{Elsewhere, image};
    use images::Blob;

    let Reference { registry, repository, .. } = reference;
    let image = image(store, reference, platform)?;
    let descriptors = image.manifest.layers().iter().chain([image.manifest.config()]);
    let blobs = descriptors.map(Blob::try_from).collect::<std::result::Result<Vec<_>, _>>()?;
    let elsewhere = Elsewhere::of(store, reference)?;
    let client = elsewhere.client(reference, &blobs)?;
    report(Event::Line(format!("The push refers to {registry}/{repository}")))?;
    client.each(&blobs, report, |client, blob| client.push_blob(repository, store, blob, elsewhere.source(blob)))?;
    let manifest = Blob::try_from(&image.descriptor)?;
    let bytes = store.read_blob(&manifest.digest, MANIFEST_LIMIT)?;
    let media_type = image.descriptor.media_type().to_string();
    let url = client.url(repository, &format!("manifests/{}", reference.key()));
    let put = Request::new("PUT", url).content(Content::Bytes { bytes: &bytes, media_type: &media_type });
    let answer = client.send(&put, &[201])?;
    let said = answer.headers().get("docker-content-digest");
    if said.is_some_and(|said| said.as_bytes() != manifest.digest.to_string().as_bytes()) {
        return Err(broken_rule(&put, "names another digest than we sent"));
    }
    report(Event::Line(format!("{}: digest: {} size: {}", reference.key(), manifest.digest, manifest.size)))?;
    Ok(manifest.digest)
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
