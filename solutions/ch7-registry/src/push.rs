//! Pushing an image: its blobs first, its manifest last.

use std::io::Write;

use images::{Digest, Store};

use crate::{Reference, Result};

/// The most a manifest may have; registries need take no more
/// (distribution-spec, "Pushing Manifests").
pub const MANIFEST_LIMIT: u64 = 4 << 20;

/// Pushes the image that the store has under this name.
///
/// A registry refuses a manifest that names blobs it does not have, so layers
/// and config go first. The manifest goes under the tag, byte for byte as it is
/// stored, for its digest is the image's name (distribution-spec, "Pushing
/// Manifests"). `out` gets a line for each blob, and the digest. If the answer's
/// `docker-content-digest` is another one, the registry has broken a rule.
///
/// # Errors
/// [`Error::NoImage`] if there is none; else what the registry refuses.
pub fn push(store: &Store, reference: &Reference, out: &mut dyn Write) -> Result<Digest> {
    // ANCHOR: push
    use crate::client::{Client, Content, Request, broken_rule};
    use crate::{Error, Transfer};
    use images::Blob;

    let name = reference.to_string();
    let image = store.find(&name)?.ok_or(Error::NoImage(name))?;
    let client = Client::new(&reference.registry)?;
    writeln!(out, "The push refers to {}/{}", reference.registry, reference.repository).map_err(Error::output)?;
    for descriptor in image.manifest.layers().iter().chain([image.manifest.config()]) {
        let blob = Blob::try_from(descriptor)?;
        let word = match client.push_blob(&reference.repository, store, &blob)? {
            Transfer::Done => "Pushed",
            Transfer::NotNeeded => "Already exists",
        };
        writeln!(out, "{}: {word}", short(&blob.digest)).map_err(Error::output)?;
    }
    let manifest = Blob::try_from(&image.descriptor)?;
    let bytes = store.read_blob(&manifest.digest, MANIFEST_LIMIT)?;
    let media_type = image.descriptor.media_type().to_string();
    let url = client.url(&reference.repository, &format!("manifests/{}", reference.key()));
    let put = Request::new("PUT", url).content(Content::Bytes { bytes: &bytes, media_type: &media_type });
    let answer = client.send(&put, &[201])?;
    let said = answer.headers().get("docker-content-digest");
    if said.is_some_and(|said| said.as_bytes() != manifest.digest.to_string().as_bytes()) {
        return Err(broken_rule(&put, "names another digest than we sent"));
    }
    writeln!(out, "{}: digest: {} size: {}", reference.key(), manifest.digest, manifest.size).map_err(Error::output)?;
    Ok(manifest.digest)
    // ANCHOR_END: push
}

/// The twelve digits that people see.
pub fn short(digest: &Digest) -> &str {
    &digest.hex()[..12]
}
