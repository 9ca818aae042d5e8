//! Broken uploads are resumed where they stopped.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

use ureq::http::{Response, header};
use ureq::{Agent, Body, SendBody};

use crate::address::resolve;
use crate::download::MIN_PROGRESS;
use crate::progress::Progress;

type Answer = std::result::Result<Response<Body>, ureq::Error>;

/// After a break, the rest of an upload goes in chunks of this many bytes: some
/// registries forget the chunk that broke, and keep the ones before.
const CHUNK_SIZE: u64 = 8 << 20;

/// An upload whose PUT broke.
pub struct Upload<'a> {
    agent: &'a Agent,
    authorization: Option<&'a str>,
    /// `https://host/v2/<repository>`
    repository: String,
    /// Where the upload is, without the digest. Each answer may name another place.
    url: String,
    digest: &'a str,
    file: &'a File,
    progress: &'a Progress,
    /// Bytes that the registry said it has.
    confirmed: u64,
    /// How many they were when the connection last counted as alive.
    alive_at: u64,
}

impl<'a> Upload<'a> {
    /// `None` if the upload's address is of no shape that we know.
    pub fn at(
        agent: &'a Agent,
        url: &'a str,
        authorization: Option<&'a str>,
        file: &'a File,
        progress: &'a Progress,
    ) -> Option<Self> {
        // GHCR's has no "s" at its end.
        let (repository, _) = url.split_once("/blobs/upload")?;
        let (upload, digest) = url.rsplit_once("digest=")?;
        let (repository, url) = (repository.to_owned(), upload[..upload.len() - 1].to_owned());
        Some(Self { agent, authorization, repository, url, digest, file, progress, confirmed: 0, alive_at: 0 })
    }

    /// Whether enough was confirmed since the last call for the connection to count as alive.
    pub fn made_progress(&mut self) -> bool {
        let made_progress = self.confirmed >= self.alive_at + MIN_PROGRESS;
        if made_progress {
            self.alive_at = self.confirmed;
        }
        made_progress
    }

    /// Asks first whether the registry has the blob after all, then how much of it,
    /// and sends the rest, the last chunk with the PUT that closes the upload
    /// (distribution-spec, "Pushing a blob in chunks").
    pub fn resume(&mut self) -> Answer {
        let mut there = self.send("HEAD", &format!("{}/blobs/{}", self.repository, self.digest))?;
        if there.status() == 200 {
            // Its bytes were all taken; only the answer to the PUT was lost.
            *there.status_mut() = ureq::http::StatusCode::CREATED;
            return Ok(there);
        }
        let status = self.send("GET", &self.url)?;
        let (mut answer, mut offset) = match received(&status) {
            Some(offset) if status.status() == 204 => (status, offset),
            _ => (self.send("POST", &format!("{}/blobs/uploads/", self.repository))?, 0),
        };
        let (length, chunk) = (self.file.metadata()?.len(), chunk_size(&answer));
        loop {
            let location = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
            let Some(location) = location else { return Ok(answer) };
            let Ok(url) = resolve(&self.url, location) else { return Ok(answer) };
            self.url = url;
            self.confirmed = offset;
            if length - offset.min(length) <= chunk {
                return self.part("PUT", offset, length.saturating_sub(offset));
            }
            answer = self.part("PATCH", offset, chunk)?;
            if answer.status() != 202 {
                return Ok(answer);
            }
            offset = received(&answer).unwrap_or(offset + chunk);
        }
    }

    /// Sends a part of the file.
    fn part(&self, method: &str, offset: u64, length: u64) -> Answer {
        let mut file = self.file;
        file.seek(SeekFrom::Start(offset))?;
        self.progress.set(offset);
        let separator = if self.url.contains('?') { '&' } else { '?' };
        let url = match method {
            "PUT" => format!("{}{separator}digest={}", self.url, self.digest),
            _ => self.url.clone(),
        };
        let request = self
            .request(method, &url)
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .header(header::CONTENT_LENGTH, length)
            .header(header::CONTENT_RANGE, format!("{offset}-{}", (offset + length).saturating_sub(1)));
        self.agent.run(request.body(SendBody::from_reader(&mut self.progress.track(file.take(length))))?)
    }

    fn send(&self, method: &str, url: &str) -> Answer {
        let request = self.request(method, url);
        let request = if method == "POST" { request.header(header::CONTENT_LENGTH, "0") } else { request };
        self.agent.run(request.body(SendBody::none())?)
    }

    fn request(&self, method: &str, url: &str) -> ureq::http::request::Builder {
        let request = ureq::http::Request::builder().method(method).uri(url);
        match self.authorization {
            Some(value) => request.header(header::AUTHORIZATION, value),
            None => request,
        }
    }
}

/// The length of chunks: a registry may ask for longer ones than ours.
fn chunk_size(begun: &Response<Body>) -> u64 {
    let least = begun.headers().get("oci-chunk-min-length").and_then(|value| value.to_str().ok()?.parse().ok());
    least.unwrap_or(0).max(CHUNK_SIZE)
}

/// How much of an upload the registry has: `Range: 0-99` is 100 bytes. `0-0`
/// is said for one byte and for none, so it tells nothing.
fn received(answer: &Response<Body>) -> Option<u64> {
    let range = answer.headers().get(header::RANGE)?.to_str().ok()?;
    let last: u64 = range.strip_prefix("bytes=").unwrap_or(range).strip_prefix("0-")?.parse().ok()?;
    (last > 0).then_some(last + 1)
}
