//! Images for several platforms, pushed and pulled whole: an index with every image that
//! it names. What one image takes is chapter 7's.

use distribution::{Manifest, Platform, Reference, blobs, named, tag};
use http_client::{Content, Event, Report, Request, for_each};
use images::{Blob, Digest, Store};
use registry::{Result, client, fetch_manifest, pull, pull_blob, push};
use storage::{Image, write_expected};

/// Pushes what the store has under this name: of an index each image by its digest, and
/// then the index under the tag.
///
/// # Errors
/// As [`push`].
pub fn push_all(store: &Store, reference: &Reference, report: Report<'_>) -> Result<Digest> {
    let index = named(store, reference)?;
    if !index.is_index() {
        return push(store, reference, &Platform::host(), report);
    }
    for entry in index.read_index(reference)?.manifests() {
        let digest = Some(entry.digest().try_into()?);
        push(store, &Reference { tag: None, digest, ..reference.clone() }, &Platform::host(), report)?;
    }
    let client = client(&reference.registry)?;
    let url = client.url(&reference.repository, &format!("manifests/{}", reference.key()));
    let content = Content::Bytes { bytes: &index.bytes, media_type: &index.media_type };
    client.send(&Request::new("PUT", url).content(content), &[201])?;
    report(Event::Line(format!("{}: digest: {} size: {}", reference.key(), index.digest, index.size)))?;
    Ok(index.digest)
}

/// Pulls an index with the images of all its platforms.
///
/// # Errors
/// As [`pull`]; the store refuses an index without an image for this machine.
pub fn pull_all(store: &Store, reference: &Reference, report: Report<'_>) -> Result<Image> {
    let repository = &reference.repository;
    let client = client(&reference.registry)?;
    let index = fetch_manifest(&client, repository, &reference.key())?;
    if !index.is_index() {
        return pull(store, reference, &Platform::host(), report);
    }
    report(Event::Line(format!("{}: Pulling all platforms from {repository}", reference.key())))?;
    index.choose(reference, &Platform::host())?;
    let mut manifests = Vec::new();
    for entry in index.read_index(reference)?.manifests() {
        let digest = Digest::try_from(entry.digest())?;
        manifests.push(fetch_manifest(&client, repository, &digest.to_string())?);
    }
    let mut wanted: Vec<Blob> = Vec::new();
    for manifest in &manifests {
        wanted.extend(blobs(&manifest.read_manifest(reference)?)?);
    }
    for_each(&client, &wanted, report, |client, blob| pull_blob(client, repository, store, blob))?;
    for Manifest { bytes, digest, size, .. } in manifests.iter().chain([&index]) {
        write_expected(store, &mut &bytes[..], &Blob { digest: digest.clone(), size: *size })?;
    }
    let image = Image::read(store, &index.digest)?;
    let blob = Blob { digest: index.digest.clone(), size: index.size };
    let status = tag(store, reference, &blob.descriptor(index.media_type.as_str().into()))?;
    report(Event::Line(format!("Digest: {}", index.digest)))?;
    report(Event::Line(format!("Status: {status} {}", reference.familiar())))?;
    Ok(image)
}
