//! Step 6: a manifest is downloaded, and verified.

use distribution::Manifest;
use http_client::Client;

use crate::Result;

/// Downloads a manifest or an index by `key`, which is a tag or a digest.
///
/// The `Accept` header lists the media types that we can read
/// ([`distribution::MANIFEST_TYPES`], [`distribution::INDEX_TYPES`]); without it many
/// registries convert the document, and a converted one has another digest. The bytes are
/// compared with the digest in `key`. For a tag they are compared with the digest that the
/// registry gives in `docker-content-digest`, if it does. `Content-Type` says what the
/// document is, perhaps with parameters behind a `;` (distribution-spec, "Pulling
/// manifests").
///
/// # Errors
/// [`http_client::protocol_error`] for a document that is larger than
/// [`distribution::MAX_MANIFEST`] bytes, has another digest, or is of another type. No
/// more than one byte beyond the limit is read.
pub fn fetch_manifest(client: &Client, repository: &str, key: &str) -> Result<Manifest> {
    // ANCHOR: fetch_manifest
    use std::io::Read;

    use distribution::{INDEX_TYPES, MANIFEST_TYPES, MAX_MANIFEST};
    use http_client::{Request, protocol_error};
    use images::Digest;

    let known = [MANIFEST_TYPES, INDEX_TYPES].concat();
    let accept = known.join(", ");
    let request = Request::new("GET", client.url(repository, &format!("manifests/{key}"))).accept(&accept);
    let mut response = client.send(&request, &[200])?;
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = header("content-type").split(';').next().unwrap_or_default().trim().to_owned();
    let expected = if key.contains(':') { key } else { header("docker-content-digest") }.to_owned();

    let mut bytes = Vec::new();
    let read = response.body_mut().as_reader().take(MAX_MANIFEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| protocol_error(&request, &format!("broke off: {error}")))?;
    let (digest, size) = (Digest::of(&bytes), bytes.len() as u64);
    if size > MAX_MANIFEST {
        return Err(protocol_error(&request, "is longer than the 4 MiB that a manifest may have").into());
    }
    if !expected.is_empty() && expected != digest.to_string() {
        return Err(protocol_error(&request, &format!("has the digest {digest}, not {expected}")).into());
    }
    if !known.contains(&media_type.as_str()) {
        return Err(protocol_error(&request, &format!("is of the type '{media_type}', which is not an image's")).into());
    }
    Ok(Manifest { bytes, digest, size, media_type })
    // ANCHOR_END: fetch_manifest
}
