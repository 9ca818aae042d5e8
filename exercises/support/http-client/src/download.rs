//! Broken downloads are resumed where they stopped.

use std::io::{self, Read};

use ureq::Body;
use ureq::http::{Response, header};

use crate::Result;
use crate::progress::Progress;
use crate::retry::{self, RetryPolicy};

/// So many bytes must have arrived for the connection to count as alive.
pub const MIN_PROGRESS: u64 = 1 << 20;

/// Where the rest of a body can be had.
pub struct Source {
    /// The size of the whole body, in bytes.
    pub length: u64,
    pub progress: Progress,
    /// Asks for the body from this byte on.
    pub rest: Box<dyn FnMut(u64) -> Result<Response<Body>> + Send + Sync>,
}

impl Source {
    /// Makes a body one that survives a broken connection.
    pub fn resuming(self, body: Body) -> impl Read + Send + Sync + 'static {
        let inner = Box::new(body.into_reader());
        Resuming { inner, source: self, offset: 0, alive_at: 0, policy: RetryPolicy::from_env() }
    }
}

/// A body that is fetched from where its connection broke (RFC 9110, section 14.2;
/// distribution-spec, "Pulling blobs").
struct Resuming {
    inner: Box<dyn Read + Send + Sync>,
    source: Source,
    offset: u64,
    /// The offset at which the connection last counted as alive.
    alive_at: u64,
    policy: RetryPolicy,
}

impl Read for Resuming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let broken = match self.inner.read(buffer) {
                Ok(0) if self.offset < self.source.length && !buffer.is_empty() => io::ErrorKind::UnexpectedEof.into(),
                Err(error) if error.kind() != io::ErrorKind::Interrupted => error,
                other => {
                    self.offset += *other.as_ref().unwrap_or(&0) as u64;
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
        if self.offset - self.alive_at >= MIN_PROGRESS {
            self.policy.reset();
            self.alive_at = self.offset;
        }
        while let Some(wait) = self.policy.after_break()
            && self.source.progress.wait(wait)
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

    /// `None` if the registry sends something else than the rest.
    fn rest(&mut self) -> io::Result<Option<Box<dyn Read + Send + Sync>>> {
        let response = (self.source.rest)(self.offset).map_err(io::Error::other)?;
        if retry::is_temporary(&response) {
            return Err(io::Error::other("the registry is busy"));
        }
        let range = response.headers().get(header::CONTENT_RANGE).and_then(|value| value.to_str().ok());
        let fits = range.is_some_and(|range| range.starts_with(&format!("bytes {}-", self.offset)));
        let status = response.status().as_u16();
        let mut reader = response.into_body().into_reader();
        // A server that knows no ranges sends all of it again.
        if status == 200 {
            io::copy(&mut (&mut reader).take(self.offset), &mut io::sink())?;
        }
        Ok((status == 200 || (status == 206 && fits)).then(|| Box::new(reader) as _))
    }
}
