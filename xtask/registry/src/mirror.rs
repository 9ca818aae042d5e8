//! A mirror of another registry: it fetches from there what a client asks for and it
//! does not have, stores it, and serves it. A class of thirty then pulls an image from
//! Docker Hub once.
//!
//! It logs in nowhere, so it can serve public images only, and it refuses pushes.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::{env, fs, io};

use serde_json::Value;
use ureq::http::{Response as Answer, StatusCode};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

use crate::http::{Request, Response};
use crate::lock::Lock;
use crate::storage::Storage;

/// Docker Hub, where it answers as a registry.
pub const DOCKER_HUB: &str = "https://registry-1.docker.io";

/// Where distributions store the certificates of all authorities.
const BUNDLES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// What a client understands, if it does not say.
const ANY_MANIFEST: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// The most of a token service's answer that is read.
const TOKEN_LIMIT: u64 = 64 * 1024;

pub struct Mirror {
    /// `https://host`, without a slash at its end.
    upstream: String,
    agent: Agent,
    /// The last token for each repository.
    tokens: Lock<HashMap<String, String>>,
    /// A lock for each thing that is being fetched, so that it is fetched once.
    fetching: Lock<HashMap<String, Arc<Lock<()>>>>,
}

impl Mirror {
    /// # Errors
    /// The address has no scheme, or the system's certificates cannot be read.
    pub fn of(upstream: &str) -> io::Result<Self> {
        let upstream = upstream.trim_end_matches('/').to_owned();
        let mut config = Agent::config_builder().http_status_as_error(false).user_agent("registry-server");
        if upstream.starts_with("https://") {
            config = config.tls_config(TlsConfig::builder().root_certs(system_roots()?).build());
        } else if upstream.starts_with("http://") {
            config = config.proxy(None);
        } else {
            let why = format!("{upstream} is not an address; write https://host or http://host:port");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let agent = config.build().new_agent();
        Ok(Self { upstream, agent, tokens: Lock::default(), fetching: Lock::default() })
    }

    /// Fetches what a request is about into the storage, or returns the answer that says
    /// why not. Content with a digest never changes; a tag is asked for each time, and
    /// what it stood for last is used when the upstream does not answer.
    pub fn prepare(
        &self,
        storage: &Storage,
        request: &Request<'_>,
        name: &str,
        (kind, key): (&str, &str),
    ) -> io::Result<Option<Response>> {
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Ok(Some(Response::error(405, "UNSUPPORTED", "this is a mirror: it can only be pulled from")));
        }
        if !matches!(kind, "blobs" | "manifests") {
            return Ok(None);
        }
        let gate = Arc::clone(self.fetching.lock().entry(format!("{name}/{kind}/{key}")).or_default());
        let _one_at_a_time = gate.lock();
        let by_digest = key.contains(':');
        let link = if kind == "blobs" { "_blobs" } else { "_manifests" };
        if by_digest && storage.linked(name, link, key)?.is_some() {
            return Ok(None);
        }
        let accept = request.header("accept").unwrap_or(ANY_MANIFEST);
        let answer = match self.request(name, &format!("{kind}/{key}"), accept) {
            Ok(answer) => answer,
            Err(_) if !by_digest && storage.linked(name, "_tags", key)?.is_some() => return Ok(None),
            Err(error) => return Ok(Some(Response::error(502, "UNKNOWN", &format!("{}: {error}", self.upstream)))),
        };
        match answer.status().as_u16() {
            200 => store(storage, answer, name, kind, key),
            // Docker Hub answers 401 for a repository that does not exist.
            401 | 403 | 404 => {
                let code = if kind == "blobs" { "BLOB_UNKNOWN" } else { "MANIFEST_UNKNOWN" };
                Ok(Some(Response::error(404, code, "unknown to the registry that is mirrored")))
            }
            429 | 500..=599 if !by_digest && storage.linked(name, "_tags", key)?.is_some() => Ok(None),
            status => {
                let message = format!("{} says {status}", self.upstream);
                Ok(Some(Response::error(if status == 429 { 429 } else { 502 }, "UNKNOWN", &message)))
            }
        }
    }

    /// Sends a request, and sends it again with a token if the upstream demands one.
    fn request(&self, name: &str, rest: &str, accept: &str) -> io::Result<Answer<Body>> {
        let url = format!("{}/v2/{name}/{rest}", self.upstream);
        let get = |token: Option<&String>| {
            let mut request = self.agent.get(&url).header("accept", accept);
            if let Some(token) = token {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            request.call().map_err(io::Error::other)
        };
        let known = self.tokens.lock().get(name).cloned();
        let answer = get(known.as_ref())?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let Some(token) = self.token(&answer, name)? else { return Ok(answer) };
        self.tokens.lock().insert(name.to_owned(), token.clone());
        get(Some(&token))
    }

    /// An anonymous token for reading, from the realm that the challenge names.
    fn token(&self, answer: &Answer<Body>, name: &str) -> io::Result<Option<String>> {
        let challenge = answer.headers().get("www-authenticate").and_then(|value| value.to_str().ok());
        let challenge = challenge.filter(|text| text.to_ascii_lowercase().starts_with("bearer ")).unwrap_or_default();
        let part = |name: &str| {
            let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
            rest.split('"').next()
        };
        let Some(realm) = part("realm") else { return Ok(None) };
        let service = part("service").unwrap_or_default();
        let mut request = self.agent.get(realm).query("scope", format!("repository:{name}:pull"));
        if !service.is_empty() {
            request = request.query("service", service);
        }
        let body = request.call().map_err(io::Error::other)?.into_body();
        let text = body.into_with_config().limit(TOKEN_LIMIT).read_to_string().map_err(io::Error::other)?;
        let answer: Value = serde_json::from_str(&text)?;
        Ok(["token", "access_token"].iter().find_map(|key| answer[*key].as_str()).map(str::to_owned))
    }
}

/// Streams an answer into the storage, if its bytes have the digest that was promised.
fn store(storage: &Storage, answer: Answer<Body>, name: &str, kind: &str, key: &str) -> io::Result<Option<Response>> {
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let media_type = header("content-type");
    let promised = if key.contains(':') { key.to_owned() } else { header("docker-content-digest") };
    let id = storage.begin_upload()?;
    if let Err(error) = storage.append(&id, &mut answer.into_body().into_reader()) {
        storage.cancel_upload(&id)?;
        return Err(error);
    }
    let digest = if promised.is_empty() { storage.digest_of_upload(&id)? } else { promised };
    if !storage.finish_upload(&id, &digest)? {
        return Ok(Some(Response::error(502, "DIGEST_INVALID", "the bytes do not have the digest")));
    }
    match kind {
        "blobs" => storage.link(name, "_blobs", &digest, "")?,
        _ => storage.link(name, "_manifests", &digest, &media_type)?,
    }
    if !key.contains(':') {
        storage.link(name, "_tags", key, &digest)?;
    }
    Ok(None)
}

/// The authorities that this system trusts; `$SSL_CERT_FILE` as for OpenSSL.
fn system_roots() -> io::Result<RootCerts> {
    let named = env::var("SSL_CERT_FILE").ok().filter(|name| !name.is_empty());
    let file = named.as_deref().or_else(|| BUNDLES.into_iter().find(|path| Path::new(path).exists()));
    let file = file.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no certificates; set SSL_CERT_FILE"))?;
    let pem = fs::read(file)?;
    let certificates: Vec<Certificate<'static>> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    Ok(RootCerts::new_with_certs(&certificates))
}
