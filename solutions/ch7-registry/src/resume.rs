//! Broken transfers go on where they stopped.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};

use ureq::http::{Response, header};
use ureq::{Agent, Body, SendBody};

use crate::Client;
use crate::client::absolute;
use crate::meter::Meter;
use crate::retry::{self, Patience};

type Answer = std::result::Result<Response<Body>, ureq::Error>;

/// So much must have arrived for a line to be called alive.
const PROGRESS: u64 = 1 << 20;

/// Where a body came from, and where its rest can be had.
pub struct Source {
    pub client: Client,
    pub url: String,
    pub authorization: Option<String>,
    /// Of the whole body, in bytes.
    pub length: u64,
}

impl Source {
    /// Makes a body one that survives a broken connection.
    pub fn resuming(self, body: Body) -> impl Read + Send + Sync + 'static {
        let inner = Box::new(body.into_reader());
        Resuming { inner, source: self, at: 0, alive: 0, patience: Patience::as_asked() }
    }
}

/// A body that is fetched on from where its connection broke (RFC 9110, section
/// 14.2; distribution-spec, "Pulling blobs").
struct Resuming {
    inner: Box<dyn Read + Send + Sync>,
    source: Source,
    at: u64,
    /// Where the line was last called alive.
    alive: u64,
    patience: Patience,
}

impl Read for Resuming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let broken = match self.inner.read(buffer) {
                Ok(0) if self.at < self.source.length && !buffer.is_empty() => io::ErrorKind::UnexpectedEof.into(),
                Err(error) if error.kind() != io::ErrorKind::Interrupted => error,
                other => {
                    self.at += *other.as_ref().unwrap_or(&0) as u64;
                    return other;
                }
            };
            self.reconnect(broken)?;
        }
    }
}

impl Resuming {
    /// Fetches the rest. If that cannot be had, the error is the first one.
    fn reconnect(&mut self, broken: io::Error) -> io::Result<()> {
        if self.at - self.alive >= PROGRESS {
            self.patience.renew();
            self.alive = self.at;
        }
        while let Some(wait) = self.patience.after_break()
            && self.source.client.meter().wait(wait)
        {
            match self.rest() {
                Ok(Some(inner)) => {
                    self.inner = inner;
                    return Ok(());
                }
                Ok(None) => break,
                Err(_) => {}
            }
        }
        Err(broken)
    }

    /// `None` if the registry gives something else than the rest.
    fn rest(&mut self) -> io::Result<Option<Box<dyn Read + Send + Sync>>> {
        let source = &mut self.source;
        let rest = source.client.rest(&source.url, self.at, &mut source.authorization);
        let response = rest.map_err(io::Error::other)?;
        if retry::is_passing(&response) {
            return Err(io::Error::other("not now"));
        }
        let range = response.headers().get(header::CONTENT_RANGE).and_then(|value| value.to_str().ok());
        let fits = range.is_some_and(|range| range.starts_with(&format!("bytes {}-", self.at)));
        let status = response.status().as_u16();
        let mut reader = response.into_body().into_reader();
        // A server that knows no ranges sends all of it again.
        if status == 200 {
            io::copy(&mut (&mut reader).take(self.at), &mut io::sink())?;
        }
        Ok((status == 200 || (status == 206 && fits)).then(|| Box::new(reader) as _))
    }
}

/// After a break, what is left of an upload goes in pieces of this many bytes:
/// some registries forget the piece that broke, and keep the ones before.
const PIECE: u64 = 8 << 20;

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
    meter: &'a Meter,
    /// Bytes that the registry said it has.
    confirmed: u64,
    /// How many it had when the line was last called alive.
    alive: u64,
}

impl<'a> Upload<'a> {
    /// `None` if the upload's address is of no shape that we know.
    pub fn at(
        agent: &'a Agent,
        url: &'a str,
        authorization: Option<&'a str>,
        file: &'a File,
        meter: &'a Meter,
    ) -> Option<Self> {
        // GHCR's has no "s" at its end.
        let (repository, _) = url.split_once("/blobs/upload")?;
        let (upload, digest) = url.rsplit_once("digest=")?;
        let (repository, url) = (repository.to_owned(), upload[..upload.len() - 1].to_owned());
        Some(Self { agent, authorization, repository, url, digest, file, meter, confirmed: 0, alive: 0 })
    }

    /// Whether so much was taken since this was last asked that the line is alive.
    pub fn got_on(&mut self) -> bool {
        let got_on = self.confirmed >= self.alive + PROGRESS;
        if got_on {
            self.alive = self.confirmed;
        }
        got_on
    }

    /// Asks first whether the registry has the blob after all, then how much of it,
    /// and sends the rest, the last piece with the PUT that closes the upload
    /// (distribution-spec, "Pushing a blob in chunks").
    pub fn go_on(&mut self) -> Answer {
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
        let (length, piece) = (self.file.metadata()?.len(), piece(&answer));
        loop {
            let location = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
            let Some(location) = location else { return Ok(answer) };
            self.url = absolute(location, &self.url);
            self.confirmed = offset;
            if length - offset.min(length) <= piece {
                return self.part("PUT", offset, length.saturating_sub(offset));
            }
            answer = self.part("PATCH", offset, piece)?;
            if answer.status() != 202 {
                return Ok(answer);
            }
            offset = received(&answer).unwrap_or(offset + piece);
        }
    }

    /// Sends a part of the file.
    fn part(&self, method: &str, offset: u64, length: u64) -> Answer {
        let mut file = self.file;
        file.seek(SeekFrom::Start(offset))?;
        self.meter.set(offset);
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
        self.agent.run(request.body(SendBody::from_reader(&mut self.meter.measure(file.take(length))))?)
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

/// The length of pieces: a registry may want longer ones than ours.
fn piece(begun: &Response<Body>) -> u64 {
    let least = begun.headers().get("oci-chunk-min-length").and_then(|value| value.to_str().ok()?.parse().ok());
    least.unwrap_or(0).max(PIECE)
}

/// How much of an upload the registry has: `Range: 0-99` is 100 bytes. `0-0`
/// is said for one byte and for none, so it tells nothing.
fn received(answer: &Response<Body>) -> Option<u64> {
    let range = answer.headers().get(header::RANGE)?.to_str().ok()?;
    let last: u64 = range.strip_prefix("bytes=").unwrap_or(range).strip_prefix("0-")?.parse().ok()?;
    (last > 0).then_some(last + 1)
}
