//! Step 8: an image is pulled, its manifest first, then what is missing of it.

use distribution::{Platform, Reference};
use http_client::Report;
use images::Store;
use storage::Image;

use crate::Result;

/// Pulls an image into the store and names it there.
///
/// One request asks for the manifest; if the store has everything that it names, no other
/// is needed. An index stands for several platforms, of which one is chosen.
/// Blobs come before the manifest and the manifest before the name, so a pull
/// that is cut off never leaves an image with a part missing (distribution-spec,
/// "Pulling manifests"; image-spec, image-index.md).
///
/// # Errors
/// [`distribution::Error::NoPlatform`], and those of the steps that it is made of.
pub fn pull(store: &Store, reference: &Reference, platform: &Platform, report: Report<'_>) -> Result<Image> {
    // ANCHOR: pull
    use distribution::{MAX_MANIFEST, Manifest, tag};
    use http_client::{Event, for_each};
    use images::Blob;

    use crate::{fetch_manifest, pull_blob};

    let Reference { registry, repository, .. } = reference;
    let client = crate::client(registry)?;
    report(Event::Line(format!("{}: Pulling from {repository}", reference.key())))?;
    let mut manifest = fetch_manifest(&client, repository, &reference.key())?;
    if manifest.is_index() {
        let chosen = manifest.choose(reference, platform)?;
        manifest = match store.has(&chosen.digest) {
            true => Manifest { bytes: store.read_blob(&chosen.digest, MAX_MANIFEST)?, ..chosen },
            false => fetch_manifest(&client, repository, &chosen.digest.to_string())?,
        };
    }
    let image = manifest.read_manifest(reference)?;
    let descriptors = [image.config()].into_iter().chain(image.layers());
    let blobs = descriptors.map(Blob::try_from).collect::<std::result::Result<Vec<_>, _>>()?;
    for_each(&client, &blobs, report, |client, blob| pull_blob(client, repository, store, blob))?;
    let Manifest { bytes, digest, size, media_type } = &manifest;
    let stored = Blob { digest: digest.clone(), size: *size };
    storage::write_expected(store, &mut bytes.as_slice(), &stored)?;
    // Read before it gets its name: what cannot be an image must not have one.
    let image = Image::read(store, digest)?;
    platform.check(&image, reference)?;
    let status = tag(store, reference, &stored.descriptor(media_type.as_str().into()))?;
    report(Event::Line(format!("Digest: {digest}")))?;
    report(Event::Line(format!("Status: {status} {}", reference.familiar())))?;
    Ok(image)
    // ANCHOR_END: pull
}
