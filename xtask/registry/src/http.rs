//! HTTP/1.1 as far as registries need it (RFC 9112).

use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::Entry;

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
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(move |(key, _)| *key == name).map(|(_, value)| decode(value))
    }

    pub fn body(&mut self) -> &mut dyn Read {
        &mut self.body
    }

    /// Reads what nobody wanted of the body, so that the next request starts
    /// where it should. False if the connection cannot be used again.
    pub fn finish(&mut self) -> io::Result<bool> {
        if self.body.waiting.is_some() && !matches!(self.body.left, Left::Nothing) {
            return Ok(false);
        }
        io::copy(&mut self.body, &mut io::sink())?;
        Ok(!self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")))
    }

    /// What the log keeps of it.
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

/// What goes back.
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub content: Content,
    /// Close the connection afterwards.
    pub closes: bool,
    /// Break the connection after so many bytes of the body.
    pub drop_after: Option<u64>,
    /// Flip a bit of the body's last byte.
    pub corrupt: bool,
    /// Wait so long before each piece of the body.
    pub pause: Option<Duration>,
}

pub enum Content {
    Bytes(Vec<u8>),
    File(File, u64),
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

    pub fn json(self, text: String) -> Self {
        let mut response = self.with("Content-Type", "application/json");
        response.content = Content::Bytes(text.into_bytes());
        response
    }

    /// An error as the distribution specification words it.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let text = format!(r#"{{"errors":[{{"code":{},"message":{}}}]}}"#, quote(code), quote(message));
        Self::new(status).json(text)
    }

    /// Sends it; for HEAD the head alone, with the length the body would have.
    pub fn write(self, mut stream: &TcpStream, head_only: bool, keep_alive: bool) -> io::Result<()> {
        if self.drop_after == Some(0) && !head_only {
            return Err(io::Error::other("dropped on order, before the answer"));
        }
        let (mut body, length): (Box<dyn Read>, u64) = match self.content {
            Content::Bytes(bytes) => {
                let length = bytes.len() as u64;
                (Box::new(io::Cursor::new(bytes)), length)
            }
            Content::File(file, length) => (Box::new(file), length),
        };
        let mut head = format!("HTTP/1.1 {} {}\r\nContent-Length: {length}\r\n", self.status, reason(self.status));
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

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        416 => "Range Not Satisfiable",
        429 => "Too Many Requests",
        _ => "Status",
    }
}

/// A JSON string; what we send needs no more than this.
pub fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut decoded, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 2;
            }
            (b'+', _) => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
