//! From method and path to storage: the end points of the distribution
//! specification 1.1, under the numbers it gives them (end-1 … end-11).

use std::io::{self, Read, Seek, SeekFrom};

use serde_json::{Value, json};

use crate::auth::Access;
use crate::http::{Content, Request, Response};
use crate::mirror::Mirror;
use crate::storage::Storage;

/// The specification asks registries to take manifests of at least 4 MiB.
const MANIFEST_LIMIT: u64 = 4 << 20;

type Answer = io::Result<Response>;

/// What requests are answered from.
pub struct Registry {
    pub storage: Storage,
    pub access: Access,
    pub mirror: Option<Mirror>,
    pub whole_locations: bool,
}

impl Registry {
    pub fn answer(&self, request: &mut Request<'_>) -> Response {
        self.route(request).unwrap_or_else(|error| Response::error(500, "UNKNOWN", &error.to_string()))
    }

    fn route(&self, request: &mut Request<'_>) -> Answer {
        if request.path == "/token" {
            return self.access.token(request);
        }
        let path = request.path.clone();
        let Some(rest) = path.strip_prefix("/v2/") else {
            return error(404, "UNSUPPORTED", "no such path");
        };
        if let Some(refused) = self.refuse(request) {
            return Ok(refused);
        }
        let target = split(rest).filter(|(name, _, _)| valid_name(name));
        if let (Some(mirror), Some((name, kind, key))) = (&self.mirror, target)
            && (valid_digest(key) || valid_tag(key) || kind == "uploads")
            && let Some(instead) = mirror.prepare(&self.storage, request, name, (kind, key))?
        {
            return Ok(instead);
        }
        match split(rest) {
            None if rest.is_empty() => Ok(Response::new(200).json(&json!({}))),
            None if rest == "_catalog" => {
                Ok(Response::new(200).json(&json!({ "repositories": self.storage.repositories()? })))
            }
            None => error(404, "NAME_UNKNOWN", "no such path"),
            Some((name, _, _)) if !valid_name(name) => error(400, "NAME_INVALID", "invalid repository name"),
            Some((name, "blobs", digest)) => self.blob(request, name, digest),
            Some((name, "uploads", id)) => self.upload(request, name, id),
            Some((name, "manifests", reference)) => self.manifest(request, name, reference),
            Some((name, _, _)) => self.tags(request, name),
        }
    }

    pub fn refuse(&self, request: &Request<'_>) -> Option<Response> {
        let rest = request.path.strip_prefix("/v2/")?;
        self.access.refuse(request, split(rest).map(|(name, _, _)| name))
    }

    fn blob(&self, request: &Request<'_>, name: &str, digest: &str) -> Answer {
        if !valid_digest(digest) {
            return error(400, "DIGEST_INVALID", "invalid digest");
        }
        if self.storage.linked(name, "_blobs", digest)?.is_none() {
            return error(404, "BLOB_UNKNOWN", "blob unknown to registry");
        }
        match request.method.as_str() {
            "GET" | "HEAD" => ranged(self.send(digest, "application/octet-stream")?, request),
            "DELETE" => self.storage.unlink(name, "_blobs", digest).map(|_| Response::new(202)),
            _ => unsupported(),
        }
    }

    fn send(&self, digest: &str, media_type: &str) -> Answer {
        let (file, length) = self.storage.read(digest)?;
        let mut response = Response::new(200).with("Content-Type", media_type).with("Docker-Content-Digest", digest);
        response.content = Content::File(file, length);
        Ok(response)
    }

    pub fn cut(&self, request: &mut Request<'_>, after: u64) -> io::Result<()> {
        let id = request.path.rsplit('/').next().unwrap_or_default().to_owned();
        let mut beginning = request.body().take(after);
        if self.storage.upload_size(&id)?.is_some() {
            return self.storage.append(&id, &mut beginning).map(drop);
        }
        io::copy(&mut beginning, &mut io::sink()).map(drop)
    }

    fn upload(&self, request: &mut Request<'_>, name: &str, id: &str) -> Answer {
        if request.method == "POST" && id.is_empty() {
            return self.begin(request, name);
        }
        // An id becomes a file's name, so it may be nothing but what we gave out.
        let ours = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let size = if ours { self.storage.upload_size(id)? } else { None };
        let Some(size) = size else {
            return error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
        };
        // The client must use the Location it was given, query included.
        if request.parameter("state").as_deref() != Some(state(id).as_str()) {
            return error(400, "BLOB_UPLOAD_INVALID", "the upload's location was not used as it was given");
        }
        match request.method.as_str() {
            "GET" => self.located(request, Response::new(204), name, id, size),
            "DELETE" => self.storage.cancel_upload(id).map(|()| Response::new(204)),
            "PATCH" | "PUT" => {
                if request.header("content-range").is_some_and(|range| !range.starts_with(&format!("{size}-"))) {
                    return self.located(
                        request,
                        Response::error(416, "BLOB_UPLOAD_INVALID", "chunk out of order"),
                        name,
                        id,
                        size,
                    );
                }
                let size = self.storage.append(id, request.body())?;
                if request.method == "PATCH" {
                    self.located(request, Response::new(202), name, id, size)
                } else {
                    self.finish(request, name, id)
                }
            }
            _ => unsupported(),
        }
    }

    fn begin(&self, request: &mut Request<'_>, name: &str) -> Answer {
        if let (Some(digest), Some(from)) = (request.parameter("mount"), request.parameter("from"))
            && valid_digest(&digest)
            && valid_name(&from)
            && self.storage.linked(&from, "_blobs", &digest)?.is_some()
        {
            return self.created(name, &digest);
        }
        let id = self.storage.begin_upload()?;
        if request.parameter("digest").is_some() {
            self.storage.append(&id, request.body())?;
            return self.finish(request, name, &id);
        }
        self.located(request, Response::new(202), name, &id, 0)
    }

    fn finish(&self, request: &Request<'_>, name: &str, id: &str) -> Answer {
        let digest = request.parameter("digest").unwrap_or_default();
        if !valid_digest(&digest) || !self.storage.finish_upload(id, &digest)? {
            return error(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
        }
        self.created(name, &digest)
    }

    fn created(&self, name: &str, digest: &str) -> Answer {
        self.storage.link(name, "_blobs", digest, "")?;
        Ok(Response::new(201)
            .with("Location", format!("/v2/{name}/blobs/{digest}"))
            .with("Docker-Content-Digest", digest))
    }

    fn located(&self, request: &Request<'_>, response: Response, name: &str, id: &str, size: u64) -> Answer {
        let host = match request.header("host") {
            Some(host) if self.whole_locations => format!("http://{host}"),
            _ => String::new(),
        };
        let location = format!("{host}/v2/{name}/blobs/uploads/{id}?state={}", state(id));
        let range = format!("0-{}", size.saturating_sub(1));
        Ok(response.with("Location", location).with("Range", range).with("Docker-Upload-UUID", id))
    }

    fn manifest(&self, request: &mut Request<'_>, name: &str, reference: &str) -> Answer {
        if !valid_digest(reference) && !valid_tag(reference) {
            return error(400, "TAG_INVALID", "invalid tag or digest");
        }
        if request.method == "PUT" {
            return self.put_manifest(request, name, reference);
        }
        let digest = match valid_digest(reference) {
            true => Some(reference.to_owned()),
            false => self.storage.linked(name, "_tags", reference)?,
        };
        let Some(digest) = digest else {
            return error(404, "MANIFEST_UNKNOWN", "manifest unknown");
        };
        let Some(media_type) = self.storage.linked(name, "_manifests", &digest)? else {
            return error(404, "MANIFEST_UNKNOWN", "manifest unknown");
        };
        match request.method.as_str() {
            "GET" | "HEAD" => self.send(&digest, &media_type),
            "DELETE" => {
                let (kind, key) =
                    if valid_digest(reference) { ("_manifests", &digest[..]) } else { ("_tags", reference) };
                self.storage.unlink(name, kind, key).map(|_| Response::new(202))
            }
            _ => unsupported(),
        }
    }

    fn put_manifest(&self, request: &mut Request<'_>, name: &str, reference: &str) -> Answer {
        let media_type = request.header("content-type").unwrap_or_default().to_owned();
        let mut bytes = Vec::new();
        request.body().take(MANIFEST_LIMIT + 1).read_to_end(&mut bytes)?;
        let manifest: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if bytes.len() as u64 > MANIFEST_LIMIT || !manifest.is_object() || media_type.is_empty() {
            return error(400, "MANIFEST_INVALID", "not a manifest: a JSON object with a Content-Type is expected");
        }
        for digest in digests(&manifest) {
            let known = ["_blobs", "_manifests"].map(|kind| self.storage.linked(name, kind, digest));
            if known.into_iter().collect::<io::Result<Vec<_>>>()?.iter().all(Option::is_none) {
                let message = format!("blob unknown to registry: {digest}");
                return error(400, "MANIFEST_BLOB_UNKNOWN", &message);
            }
        }
        let digest = self.storage.store(&bytes)?;
        if valid_digest(reference) && reference != digest {
            return error(400, "DIGEST_INVALID", "provided digest did not match uploaded content");
        }
        self.storage.link(name, "_manifests", &digest, &media_type)?;
        if valid_tag(reference) {
            self.storage.link(name, "_tags", reference, &digest)?;
        }
        let location = format!("/v2/{name}/manifests/{digest}");
        Ok(Response::new(201).with("Location", location).with("Docker-Content-Digest", digest))
    }

    fn tags(&self, request: &Request<'_>, name: &str) -> Answer {
        let Some(mut tags) = self.storage.tags(name)? else {
            return error(404, "NAME_UNKNOWN", "repository name not known to registry");
        };
        if let Some(last) = request.parameter("last") {
            tags.retain(|tag| *tag > last);
        }
        let mut response = Response::new(200);
        if let Some(n) = request.parameter("n").and_then(|n| n.parse::<usize>().ok())
            && n < tags.len()
        {
            tags.truncate(n);
            let last = tags.last().map_or("", String::as_str);
            response = response.with("Link", format!("</v2/{name}/tags/list?n={n}&last={last}>; rel=\"next\""));
        }
        Ok(response.json(&json!({ "name": name, "tags": tags })))
    }
}

/// Never fails: what goes wrong here is a 500 for the client.
/// The 401 for a request that lacks the right login or token.
/// `a/b/manifests/1` is the name `a/b`, the kind `manifests`, the key `1`.
fn split(rest: &str) -> Option<(&str, &str, &str)> {
    if let Some(name) = rest.strip_suffix("/tags/list") {
        return Some((name, "tags", "list"));
    }
    if let Some((name, id)) =
        rest.rsplit_once("/blobs/uploads/").or_else(|| Some((rest.strip_suffix("/blobs/uploads")?, "")))
    {
        return Some((name, "uploads", id));
    }
    let (head, key) = rest.rsplit_once('/')?;
    let (name, kind) = head.rsplit_once('/')?;
    matches!(kind, "blobs" | "manifests").then_some((name, kind, key))
}

fn valid_name(name: &str) -> bool {
    name.len() <= 255 && name.split('/').all(valid_component)
}

fn valid_component(part: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separators = part.split(plain).filter(|text| !text.is_empty());
    part.starts_with(plain)
        && part.ends_with(plain)
        && separators.into_iter().all(|text| matches!(text, "." | "_" | "__") || text.chars().all(|c| c == '-'))
}

fn valid_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}

fn valid_tag(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.len() <= 128 && text.starts_with(word) && text.chars().all(|c| word(c) || c == '.' || c == '-')
}

/// end-2 (read), end-10 (delete).
/// The rest of a blob from `Range: bytes=N-` on, the one form that clients use to
/// go on (RFC 9110, section 14.2).
fn ranged(mut response: Response, request: &Request<'_>) -> Answer {
    let from = request.header("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    if let (Some(from), Content::File(file, length)) = (from, &mut response.content) {
        if from >= *length {
            return error(416, "RANGE_INVALID", "the blob ends before that");
        }
        file.seek(SeekFrom::Start(from))?;
        let range = format!("bytes {from}-{}/{length}", *length - 1);
        *length -= from;
        response.status = 206;
        response = response.with("Content-Range", range);
    }
    Ok(response)
}

/// Takes only the first bytes of a request's body, as if the line broke then.
/// end-4 (begin, whole, mount), end-5 (chunk), end-6 (finish), end-13 (status).
/// Where the upload goes on. The query is there so that a client which builds
/// the address itself, or forgets the query, is found out.
fn state(id: &str) -> String {
    id.chars().rev().collect()
}

/// end-3 (read), end-7 (write), end-9 (delete).
/// The digests of everything that a manifest is made of. Its subject and annotations
/// may name what is not there.
fn digests(manifest: &Value) -> Vec<&str> {
    let lists = ["layers", "manifests", "blobs"].iter().filter_map(|key| manifest[*key].as_array()).flatten();
    let descriptors = lists.chain(std::iter::once(&manifest["config"]));
    descriptors.filter_map(|descriptor| descriptor["digest"].as_str()).filter(|digest| valid_digest(digest)).collect()
}

fn unsupported() -> Answer {
    error(405, "UNSUPPORTED", "the operation is unsupported")
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    Ok(Response::error(status, code, message))
}
