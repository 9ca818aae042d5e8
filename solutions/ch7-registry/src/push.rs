//! Step 5: an image is pushed, its manifest last.

use distribution::{Platform, Reference};
use http_client::Report;
use images::{Digest, Store};

use crate::Result;

/// Pushes the image that the store has under this name; of an index, the one for `platform`.
///
/// A registry refuses a manifest that names blobs it does not have, so layers and config go
/// first. The manifest goes under the tag, byte for byte as it is stored, because its digest
/// identifies the image (distribution-spec, "Pushing Manifests"). An answer whose
/// `docker-content-digest` is another one breaks the protocol. `report` gets each blob's events
/// and a line with the digest.
///
/// # Errors
/// [`distribution::Error::NoImage`], or what the registry refuses.
pub fn push(store: &Store, reference: &Reference, platform: &Platform, report: Report<'_>) -> Result<Digest> {
    // ANCHOR: push
    use distribution::{MAX_MANIFEST, MountSources, local_image};
    use http_client::{Content, Event, Request, for_each, protocol_error};
    use images::Blob;

    let Reference { registry, repository, .. } = reference;
    let image = local_image(store, reference, platform)?;
    let descriptors = image.manifest.layers().iter().chain([image.manifest.config()]);
    let blobs = descriptors.map(Blob::try_from).collect::<std::result::Result<Vec<_>, _>>()?;
    let sources = MountSources::find(store, reference, |name| crate::parse_reference(name).ok())?;
    let client = crate::client(registry)?;
    blobs.iter().filter_map(|blob| sources.source(blob)).for_each(|source| client.add_pull_scope(source));
    report(Event::Line(format!("The push refers to {registry}/{repository}")))?;
    for_each(&client, &blobs, report, |client, blob| {
        crate::push_blob(client, repository, store, blob, sources.source(blob))
    })?;

    let manifest = Blob::try_from(&image.descriptor)?;
    let bytes = store.read_blob(&manifest.digest, MAX_MANIFEST)?;
    let media_type = image.descriptor.media_type().to_string();
    let url = client.url(repository, &format!("manifests/{}", reference.key()));
    let put = Request::new("PUT", url).content(Content::Bytes { bytes: &bytes, media_type: &media_type });
    let answer = client.send(&put, &[201])?;
    let digest = answer.headers().get("docker-content-digest");
    if digest.is_some_and(|digest| digest.as_bytes() != manifest.digest.to_string().as_bytes()) {
        return Err(protocol_error(&put, "names another digest than we sent").into());
    }
    report(Event::Line(format!("{}: digest: {} size: {}", reference.key(), manifest.digest, manifest.size)))?;
    Ok(manifest.digest)
    // ANCHOR_END: push
}
