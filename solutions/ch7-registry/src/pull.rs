//! Pulling an image: its manifest first, then what is missing of it.

use std::io::Read as _;

use images::{Blob, Digest, Store, spec};
use storage::{Image, tags};

use crate::client::{Client, Request, broken_rule};
use crate::push::MANIFEST_LIMIT;
use crate::{Error, Event, Platform, Reference, Report, Result, contents};

/// What we can read, in the OCI's and in Docker's words for the same things.
const MANIFEST_TYPES: [&str; 2] =
    ["application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"];
const INDEX_TYPES: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];

/// The most layers that one overlay mount can have below it.
const MOST_LAYERS: usize = 500;

/// A manifest or an index as it came, its digest verified.
pub struct Fetched {
    pub bytes: Vec<u8>,
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    pub media_type: String,
}

/// Pulls an image into the store and names it there.
///
/// One request asks for the manifest; if the store has all that it names, that
/// was all. An index stands for several platforms, of which one is chosen.
/// Blobs come before the manifest and the manifest before the name, so a pull
/// that is cut off never leaves an image with a part missing (distribution-spec,
/// "Pulling manifests"; image-spec, image-index.md).
///
/// # Errors
/// [`Error::NoPlatform`], and whatever the registry refuses or spoils.
pub fn pull(store: &Store, reference: &Reference, platform: &Platform, report: Report<'_>) -> Result<Image> {
    // ANCHOR: pull
    let Reference { registry, repository, .. } = reference;
    let client = Client::new(registry)?;
    report(Event::Line(format!("{}: Pulling from {repository}", reference.key())))?;
    let mut fetched = client.manifest(repository, &reference.key())?;
    if fetched.is_index() {
        let chosen = fetched.choose(reference, platform)?;
        fetched = match store.has(&chosen.digest) {
            true => Fetched { bytes: store.read_blob(&chosen.digest, MANIFEST_LIMIT)?, ..chosen },
            false => client.manifest(repository, &chosen.digest.to_string())?,
        };
    }
    let manifest = fetched.read_manifest(reference)?;
    let descriptors = [manifest.config()].into_iter().chain(manifest.layers());
    let blobs = descriptors.map(Blob::try_from).collect::<std::result::Result<Vec<_>, _>>()?;
    client.each(&blobs, report, |client, blob| client.pull_blob(repository, store, blob))?;
    let Fetched { bytes, digest, size, media_type } = &fetched;
    let stored = Blob { digest: digest.clone(), size: *size };
    storage::write_expected(store, &mut bytes.as_slice(), &stored)?;
    // Read before it gets its name: what cannot be an image must not have one.
    let image = Image::read(store, digest)?;
    platform.check(&image, reference)?;
    let status = name(store, reference, &stored.descriptor(media_type.as_str().into()))?;
    report(Event::Line(format!("Digest: {digest}")))?;
    report(Event::Line(format!("Status: {status} {}", reference.familiar())))?;
    Ok(image)
    // ANCHOR_END: pull
}

/// Pulls an index with the images of all its platforms.
///
/// # Errors
/// As [`pull`]; the store takes no index without an image for this machine.
pub fn pull_all(store: &Store, reference: &Reference, report: Report<'_>) -> Result<Image> {
    let repository = &reference.repository;
    let client = Client::new(&reference.registry)?;
    let index = client.manifest(repository, &reference.key())?;
    if !index.is_index() {
        return pull(store, reference, &Platform::host(), report);
    }
    report(Event::Line(format!("{}: Pulling all platforms from {repository}", reference.key())))?;
    index.choose(reference, &Platform::host())?;
    let mut manifests = Vec::new();
    for entry in index.read_index(reference)?.manifests() {
        let digest = Digest::try_from(entry.digest())?;
        manifests.push(client.manifest(repository, &digest.to_string())?);
    }
    let mut blobs: Vec<Blob> = Vec::new();
    for manifest in &manifests {
        blobs.extend(contents::blobs(&manifest.read_manifest(reference)?)?);
    }
    client.each(&blobs, report, |client, blob| client.pull_blob(repository, store, blob))?;
    for Fetched { bytes, digest, size, .. } in manifests.iter().chain([&index]) {
        storage::write_expected(store, &mut bytes.as_slice(), &Blob { digest: digest.clone(), size: *size })?;
    }
    let image = Image::read(store, &index.digest)?;
    let named = Blob { digest: index.digest.clone(), size: index.size };
    let status = name(store, reference, &named.descriptor(index.media_type.as_str().into()))?;
    report(Event::Line(format!("Digest: {}", index.digest)))?;
    report(Event::Line(format!("Status: {status} {}", reference.familiar())))?;
    Ok(image)
}

/// Gives what was pulled its name, and says whether it had it before.
fn name(store: &Store, reference: &Reference, pulled: &spec::Descriptor) -> Result<&'static str> {
    let name = reference.to_string();
    let had = tags::list(store)?.into_iter().find(|(known, _)| *known == name);
    tags::set(store, &name, pulled)?;
    let same = had.is_some_and(|(_, descriptor)| descriptor.digest() == pulled.digest());
    Ok(if same { "Image is up to date for" } else { "Downloaded newer image for" })
}

impl Client {
    /// Fetches a manifest or an index by tag or digest, and verifies it: against
    /// the digest it was asked for by, else against what the registry says.
    pub fn manifest(&self, repository: &str, key: &str) -> Result<Fetched> {
        let accept = MANIFEST_TYPES.iter().chain(&INDEX_TYPES).copied().collect::<Vec<_>>().join(", ");
        let url = self.url(repository, &format!("manifests/{key}"));
        let request = Request { accept: &accept, ..Request::new("GET", url) };
        let mut response = self.send(&request, &[200])?;
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = header("content-type").split(';').next().unwrap_or_default().trim().to_owned();
        let expected = if key.contains(':') { key } else { header("docker-content-digest") }.to_owned();
        let mut bytes = Vec::new();
        let read = response.body_mut().as_reader().take(MANIFEST_LIMIT + 1).read_to_end(&mut bytes);
        read.map_err(|error| broken_rule(&request, &format!("broke off: {error}")))?;
        if bytes.len() as u64 > MANIFEST_LIMIT {
            return Err(broken_rule(&request, "is longer than the 4 MiB that a manifest may have"));
        }
        let digest = Digest::of(&bytes);
        if !expected.is_empty() && expected != digest.to_string() {
            return Err(broken_rule(&request, &format!("has the digest {digest}, not {expected}")));
        }
        if !MANIFEST_TYPES.iter().chain(&INDEX_TYPES).any(|known| *known == media_type) {
            return Err(broken_rule(&request, &format!("is of the type '{media_type}', which is no image's")));
        }
        let size = bytes.len() as u64;
        Ok(Fetched { bytes, digest, size, media_type })
    }
}

impl Fetched {
    pub fn is_index(&self) -> bool {
        INDEX_TYPES.contains(&self.media_type.as_str())
    }

    pub fn read_manifest(&self, reference: &Reference) -> Result<spec::ImageManifest> {
        let read: spec::ImageManifest =
            serde_json::from_slice(&self.bytes).map_err(|error| malformed(reference, &error))?;
        match read.layers().len() {
            0..=MOST_LAYERS => Ok(read),
            many => Err(malformed(reference, &format!("it has {many} layers, and {MOST_LAYERS} can be mounted"))),
        }
    }

    pub fn read_index(&self, reference: &Reference) -> Result<spec::ImageIndex> {
        serde_json::from_slice(&self.bytes).map_err(|error| malformed(reference, &error))
    }

    /// The entry of an index that fits a platform best, not fetched yet. An only
    /// entry that names no platform fits all.
    ///
    /// # Errors
    /// [`Error::NoPlatform`] with those that there are.
    pub fn choose(&self, reference: &Reference, platform: &Platform) -> Result<Self> {
        let index = self.read_index(reference)?;
        let of = |entry: &spec::Descriptor| entry.platform().as_ref().map(Platform::from);
        let ranked = index.manifests().iter().filter_map(|entry| Some((platform.rank(&of(entry)?)?, entry)));
        let entry = match index.manifests().as_slice() {
            [only] if only.platform().is_none() => Some(only),
            _ => ranked.min_by_key(|(rank, _)| *rank).map(|(_, entry)| entry),
        };
        let found = || index.manifests().iter().filter_map(of).map(|platform| platform.to_string());
        let entry = entry.ok_or_else(|| platform.missing(reference, &found().collect::<Vec<_>>().join(", ")))?;
        let Blob { digest, size } = Blob::try_from(entry)?;
        Ok(Self { bytes: Vec::new(), digest, size, media_type: entry.media_type().to_string() })
    }
}

fn malformed(reference: &Reference, why: &impl ToString) -> Error {
    images::Error::Malformed { what: format!("the manifest of {}", reference.familiar()), why: why.to_string() }.into()
}
