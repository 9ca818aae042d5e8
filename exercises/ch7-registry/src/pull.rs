//! Pulling an image: its manifest first, then what is missing of it.

use std::io::{Read as _, Write};

use images::{Digest, Image, Store, spec};

use crate::client::{Client, Request, broken_rule};
use crate::push::MANIFEST_LIMIT;
use crate::{Error, Reference, Result};

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
    pub media_type: String,
}

/// Pulls an image into the store and names it there.
///
/// One request asks for the manifest; if the store has all that it names, that
/// was all. An index stands for several platforms: this machine's is chosen.
/// Blobs come before the manifest and the manifest before the name, so a pull
/// that is cut off never leaves an image with a part missing (distribution-spec,
/// "Pulling manifests"; image-spec, image-index.md).
///
/// # Errors
/// [`Error::NoPlatform`], and whatever the registry refuses or spoils.
pub fn pull(store: &Store, reference: &Reference, out: &mut dyn Write) -> Result<Image> {
    // ANCHOR: pull
    let _ = (&store, &reference, &out); // what you have to work with
    todo!("ch7 step 7: pull an image")
    // ANCHOR_END: pull
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
        Ok(Fetched { bytes, digest, media_type })
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
}

/// The entry of an index for this machine, not fetched yet.
pub fn choose(index: &Fetched, reference: &Reference) -> Result<Fetched> {
    let read: spec::ImageIndex = serde_json::from_slice(&index.bytes).map_err(|error| malformed(reference, &error))?;
    let entry = images::select_platform(&read).map_err(|_| {
        let platforms = read.manifests().iter().filter_map(|entry| entry.platform().as_ref());
        let found = platforms.map(|platform| format!("{}/{}", platform.os(), platform.architecture()));
        let wanted = format!("linux/{}", spec::Arch::default());
        Error::NoPlatform { name: reference.familiar(), wanted, found: found.collect::<Vec<_>>().join(", ") }
    })?;
    let digest = Digest::try_from(entry.digest())?;
    Ok(Fetched { bytes: Vec::new(), digest, media_type: entry.media_type().to_string() })
}

fn malformed(reference: &Reference, why: &impl ToString) -> Error {
    images::Error::Malformed { what: format!("the manifest of {}", reference.familiar()), why: why.to_string() }.into()
}
