//! HTTP/1.1 (RFC 9112), to the extent that registries need it.

use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use form_urlencoded::parse;
use serde_json::{Value, json};
use ureq::http::StatusCode;

use crate::log::Entry;

/// No header section of a registry's client is longer than this.
const HEADER_LIMIT: u64 = 64 * 1024;

/// A request whose body has not been read yet.
pub struct Request<'a> {
    pub method: String,
    pub path: String,
    pub query: String,
    headers: Vec<(String, String)>,
    body: Body<'a>,
}

/// The body's framing, and the connection it comes from.
struct Body<'a> {
    reader: &'a mut dyn BufRead,
    left: Left,
    /// Set while the client waits for "100 Continue" before it sends the body.
    waiting: Option<&'a TcpStream>,
}

#[derive(Clone, Copy)]
enum Left {
    Length(u64),
    /// Bytes left in the current chunk; `None` before the first chunk.
    Chunk(Option<u64>),
    Nothing,
}

impl<'a> Request<'a> {
    /// Reads the next request's head; `None` when the client has gone.
    pub fn read(reader: &'a mut dyn BufRead, writer: &'a TcpStream) -> io::Result<Option<Self>> {
        let mut head = (&mut *reader).take(HEADER_LIMIT);
        let mut line = String::new();
        if head.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split_whitespace();
        let (Some(method), Some(target)) = (words.next(), words.next()) else {
            return Err(invalid("no request line"));
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (method, path, query) = (method.to_owned(), path.to_owned(), query.to_owned());
        let headers = read_headers(&mut head)?;
        let find = |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let left = match (find("transfer-encoding"), find("content-length")) {
            (Some(_), _) => Left::Chunk(None),
            (None, Some(length)) => Left::Length(length.parse().map_err(|_| invalid("bad content-length"))?),
            (None, None) => Left::Nothing,
        };
        let waiting = find("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")).then_some(writer);
        Ok(Some(Self { method, path, query, headers, body: Body { reader, left, waiting } }))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A parameter of the query, percent-decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.parameters(name).next()
    }

    /// Every parameter of that name: a token request may carry several scopes.
    pub fn parameters(&self, name: &str) -> impl Iterator<Item = String> {
        let pairs = parse(self.query.as_bytes());
        pairs.filter(move |(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    pub fn body(&mut self) -> &mut dyn Read {
        &mut self.body
    }

    /// Reads the rest of the body, so that the next request starts where it should.
    /// False if the connection cannot be used again.
    pub fn finish(&mut self) -> io::Result<bool> {
        if self.body.waiting.is_some() && !matches!(self.body.left, Left::Nothing) {
            return Ok(false);
        }
        io::copy(&mut self.body, &mut io::sink())?;
        Ok(!self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")))
    }

    /// The log's entry for it.
    pub fn entry(&self, status: u16) -> Entry {
        let path = match self.path.split_once("/blobs/uploads/") {
            Some((name, id)) if !id.is_empty() => format!("{name}/blobs/uploads/<upload>"),
            _ => self.path.clone(),
        };
        Entry {
            method: self.method.clone(),
            path,
            query: self.query.clone(),
            status,
            authorization: self.header("authorization").map(str::to_owned),
            content_type: self.header("content-type").map(str::to_owned),
            accept: self.header("accept").unwrap_or_default().to_owned(),
        }
    }
}

fn read_headers(head: &mut impl BufRead) -> io::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        if head.read_line(&mut line)? == 0 {
            return Err(invalid("the head ended early, or is too long"));
        }
        let line = line.trim_end();
        if line.is_empty() {
            return Ok(headers);
        }
        let (name, value) = line.split_once(':').ok_or_else(|| invalid("a header without a colon"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

impl Read for Body<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(mut writer) = self.waiting.take() {
            writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        if let Left::Chunk(None | Some(0)) = self.left {
            self.next_chunk()?;
        }
        let left = match self.left {
            Left::Nothing | Left::Length(0) | Left::Chunk(None) => return Ok(0),
            Left::Length(left) | Left::Chunk(Some(left)) => left,
        };
        let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let count = self.reader.read(&mut buffer[..most])?;
        if count == 0 && most > 0 {
            return Err(invalid("the body ended early"));
        }
        let left = left - count as u64;
        self.left = if let Left::Length(_) = self.left { Left::Length(left) } else { Left::Chunk(Some(left)) };
        Ok(count)
    }
}

impl Body<'_> {
    /// Reads the line before a chunk, and the line end after the one before.
    fn next_chunk(&mut self) -> io::Result<()> {
        let mut line = String::new();
        if let Left::Chunk(Some(_)) = self.left {
            self.reader.read_line(&mut line)?;
            line.clear();
        }
        self.reader.read_line(&mut line)?;
        let digits = line.trim_end().split(';').next().unwrap_or_default();
        let size = u64::from_str_radix(digits, 16).map_err(|_| invalid("a bad chunk size"))?;
        self.left = Left::Chunk(Some(size));
        if size == 0 {
            // The last chunk; trailers are read and dropped.
            read_headers(&mut self.reader)?;
            self.left = Left::Nothing;
        }
        Ok(())
    }
}

/// The answer to a request.
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub content: Content,
    /// Close the connection afterwards.
    pub closes: bool,
    /// Break the connection after this many bytes of the body.
    pub drop_after: Option<u64>,
    /// Flip a bit of the body's last byte.
    pub corrupt: bool,
    /// Wait this long before each chunk of the body.
    pub pause: Option<Duration>,
}

pub enum Content {
    Bytes(Vec<u8>),
    File(File, u64),
}

impl Content {
    /// The bytes and their number.
    fn into_reader(self) -> (Box<dyn Read>, u64) {
        match self {
            Self::Bytes(bytes) => {
                let length = bytes.len() as u64;
                (Box::new(io::Cursor::new(bytes)), length)
            }
            Self::File(file, length) => (Box::new(file), length),
        }
    }
}

impl Response {
    pub fn new(status: u16) -> Self {
        let content = Content::Bytes(Vec::new());
        Self { status, headers: Vec::new(), content, closes: false, drop_after: None, corrupt: false, pause: None }
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn json(self, value: &Value) -> Self {
        let mut response = self.with("Content-Type", "application/json");
        response.content = Content::Bytes(value.to_string().into_bytes());
        response
    }

    /// An error as the distribution specification words it.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::new(status).json(&json!({ "errors": [{ "code": code, "message": message }] }))
    }

    /// Sends it; for HEAD the head alone, with the length the body would have.
    pub fn write(self, mut stream: &TcpStream, head_only: bool, keep_alive: bool) -> io::Result<()> {
        if self.drop_after == Some(0) && !head_only {
            return Err(io::Error::other("dropped on order, before the answer"));
        }
        let (mut body, length) = self.content.into_reader();
        let reason = StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        let (status, reason) = (self.status, reason.unwrap_or("Status"));
        let mut head = format!("HTTP/1.1 {status} {reason}\r\nContent-Length: {length}\r\n");
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(if keep_alive { "\r\n" } else { "Connection: close\r\n\r\n" });
        stream.write_all(head.as_bytes())?;
        if head_only {
            return Ok(());
        }
        let (mut buffer, mut sent) = (vec![0; 64 * 1024], 0);
        let end = self.drop_after.map_or(length, |after| after.min(length));
        while sent < end {
            let most = usize::try_from(end - sent).unwrap_or(usize::MAX).min(buffer.len());
            let count = body.read(&mut buffer[..most])?;
            if count == 0 {
                break;
            }
            sent += count as u64;
            if self.corrupt && sent == length {
                buffer[count - 1] ^= 1;
            }
            if let Some(pause) = self.pause {
                thread::sleep(pause);
            }
            stream.write_all(&buffer[..count])?;
        }
        if sent < length { Err(io::Error::other("dropped on order, inside the body")) } else { Ok(()) }
    }
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
