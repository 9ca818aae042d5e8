//! Digests, and how to compute them while bytes pass through.

use std::fmt::{self, Write as _};
use std::io::{self, Read, Write};
use std::str::FromStr;

use oci_spec::image as spec;
use sha2::{Digest as _, Sha256};

use crate::{Error, Result};

/// The SHA-256 of some bytes, written `sha256:` and 64 hexadecimal digits
/// (image-spec, descriptor.md, "Digests").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(String);

impl Digest {
    /// The digest of bytes that are in memory.
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_hash(Sha256::digest(bytes).as_slice())
    }

    /// The 64 digits without the algorithm: the blob's file name.
    pub fn hex(&self) -> &str {
        &self.0
    }

    fn from_hash(hash: &[u8]) -> Self {
        let mut hex = String::with_capacity(64);
        for byte in hash {
            // Writing to a String cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        Self(hex)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.0)
    }
}

impl FromStr for Digest {
    type Err = Error;

    /// Refuses all but 64 lower-case digits: a digest becomes a file name.
    fn from_str(text: &str) -> Result<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        match text.strip_prefix("sha256:") {
            Some(hex) if hex.len() == 64 && hex.bytes().all(is_digit) => Ok(Self(hex.to_owned())),
            _ => Err(Error::NotDigest(text.to_owned())),
        }
    }
}

impl TryFrom<&spec::Digest> for Digest {
    type Error = Error;

    fn try_from(digest: &spec::Digest) -> Result<Self> {
        digest.as_ref().parse()
    }
}

impl From<&Digest> for spec::Digest {
    fn from(digest: &Digest) -> Self {
        match spec::Digest::try_from(digest.to_string()) {
            Ok(digest) => digest,
            Err(_) => unreachable!("64 hexadecimal digits are a digest to the specification too"),
        }
    }
}

/// Bytes in the store: what a descriptor says of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
}

impl Blob {
    /// The descriptor of this blob (image-spec, descriptor.md).
    pub fn descriptor(&self, media_type: spec::MediaType) -> spec::Descriptor {
        spec::Descriptor::new(media_type, self.size, &self.digest)
    }
}

impl TryFrom<&spec::Descriptor> for Blob {
    type Error = Error;

    fn try_from(descriptor: &spec::Descriptor) -> Result<Self> {
        Ok(Self { digest: descriptor.digest().try_into()?, size: descriptor.size() })
    }
}

/// Passes bytes on to a writer, or from a reader, and hashes them on the way.
pub struct Hashing<T> {
    inner: T,
    hash: Sha256,
    size: u64,
}

impl<T> Hashing<T> {
    pub fn new(inner: T) -> Self {
        Self { inner, hash: Sha256::new(), size: 0 }
    }

    /// The digest and size of what has passed through, and what it passed to.
    pub fn finish(self) -> (T, Blob) {
        let digest = Digest::from_hash(self.hash.finalize().as_slice());
        (self.inner, Blob { digest, size: self.size })
    }

    fn update(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.update(&buffer[..read]);
        Ok(read)
    }
}
