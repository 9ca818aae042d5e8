//! The archive inside a layer's bytes.

use std::io::{BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use sys::Context;

use crate::zstd::ZstdReader;
use crate::{Error, Result};

/// Reads the archive inside a layer's bytes, told by how they begin: gzip (RFC 1952,
/// possibly in several members), zstd or plain tar.
///
/// # Errors
/// [`Error::Unsupported`] for bzip2 and xz, and what the reader says.
pub fn decompress<'a>(bytes: impl Read + 'a) -> Result<Box<dyn Read + 'a>> {
    let mut bytes = BufReader::with_capacity(64 << 10, bytes);
    match bytes.fill_buf().call("read a layer")? {
        [0x1f, 0x8b, ..] => Ok(Box::new(MultiGzDecoder::new(bytes))),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Ok(Box::new(ZstdReader::new(bytes))),
        [b'B', b'Z', b'h', ..] => Err(Error::Unsupported("an archive compressed with bzip2".into())),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Err(Error::Unsupported("an archive compressed with xz".into())),
        _ => Ok(Box::new(bytes)),
    }
}
