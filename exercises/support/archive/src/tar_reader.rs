//! Reading the tar archive that a layer is.
//!
//! Not with the tar crate, which writes it: that crate splits pax records at newlines,
//! which binary attributes contain, and reads a long name of any length into memory.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use sys::Context;
use tar::{EntryType, Header};

use crate::tar_writer::XATTR_PREFIX;
use crate::{Entry, EntryKind, Error, Result};

/// A name or a set of attributes longer than this many bytes is an attack.
const MAX_EXTENSION: u64 = 1 << 20;

/// Reads entries one at a time; as a [`Read`] it yields the bytes of the entry
/// that was last returned. Memory does not depend on the archive's size.
pub struct TarReader<R> {
    inner: R,
    /// Bytes of the current entry that are still to be read, and then padding.
    remaining: u64,
    padding: u64,
}

/// What pax and GNU headers say about the entry that follows them.
#[derive(Default)]
struct Extensions {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    uid: Option<u32>,
    gid: Option<u32>,
    mtime: Option<(i64, u32)>,
    xattrs: Vec<(OsString, Vec<u8>)>,
}

impl<R: Read> TarReader<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, remaining: 0, padding: 0 }
    }

    /// The next entry, or `None` at the archive's end. What was not read of the
    /// one before is passed over.
    pub fn next_entry(&mut self) -> Result<Option<Entry>> {
        let mut extensions = Extensions::default();
        while let Some(header) = self.header()? {
            match header.entry_type() {
                EntryType::GNULongName => extensions.name = Some(self.text()?),
                EntryType::GNULongLink => extensions.link = Some(self.text()?),
                EntryType::XHeader => extensions.read(&self.extension()?)?,
                // For the whole archive; nothing that we read may be set there.
                EntryType::XGlobalHeader => drop(self.extension()?),
                _ => return self.entry(&header, extensions).map(Some),
            }
        }
        Ok(None)
    }

    /// Reads to the very end, past the archive's own end, so that a digest
    /// computed below covers every byte.
    pub fn finish(mut self) -> Result<()> {
        io::copy(&mut self.inner, &mut io::sink()).call("read a layer")?;
        Ok(())
    }

    fn header(&mut self) -> Result<Option<Header>> {
        let rest = self.remaining + self.padding;
        let passed = io::copy(&mut self.inner.by_ref().take(rest), &mut io::sink()).call("read a layer")?;
        let mut block = [0; 512];
        let read = read_up_to(&mut self.inner, &mut block).call("read a layer")?;
        if passed < rest || (read > 0 && read < block.len()) {
            return Err(malformed("it ends in the middle of an entry"));
        }
        (self.remaining, self.padding) = (0, 0);
        if read == 0 || block.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        let header = Header::from_byte_slice(&block).clone();
        // The sum counts its own eight bytes as blanks.
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        let own: u32 = block[148..156].iter().map(|byte| u32::from(*byte)).sum();
        if header.cksum().ok() != Some(sum - own + 8 * 32) {
            return Err(malformed("a header's checksum is wrong: is this a tar archive?"));
        }
        self.set_size(header.entry_size().map_err(|error| malformed(&error.to_string()))?)?;
        Ok(Some(header))
    }

    fn set_size(&mut self, size: u64) -> Result<()> {
        let padded = size.checked_next_multiple_of(512).ok_or_else(|| malformed("an entry has an absurd size"))?;
        (self.remaining, self.padding) = (size, padded - size);
        Ok(())
    }

    /// The content of a header that belongs to the next entry.
    fn extension(&mut self) -> Result<Vec<u8>> {
        if self.remaining > MAX_EXTENSION {
            return Err(malformed("a name or attribute is longer than 1 MiB"));
        }
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes).call("read a layer")?;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<Vec<u8>> {
        let mut bytes = self.extension()?;
        bytes.truncate(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()));
        Ok(bytes)
    }

    fn entry(&mut self, header: &Header, extensions: Extensions) -> Result<Entry> {
        let bad = |error: io::Error| malformed(&error.to_string());
        let narrow = |id: u64| u32::try_from(id).map_err(|_| malformed("a user or group id exceeds 32 bits"));
        if let Some(size) = extensions.size {
            self.set_size(size)?;
        }
        let name = extensions.name.unwrap_or_else(|| header.path_bytes().into_owned());
        let link = || path(extensions.link.or_else(|| header.link_name_bytes().map(|link| link.into_owned())));
        let device = || -> Result<(u64, u64)> {
            let (major, minor) = (header.device_major().map_err(bad)?, header.device_minor().map_err(bad)?);
            Ok((major.unwrap_or(0).into(), minor.unwrap_or(0).into()))
        };
        let kind = match header.entry_type() {
            // Archives older than POSIX mark a directory by its name only.
            EntryType::Regular if name.ends_with(b"/") => EntryKind::Directory,
            EntryType::Regular | EntryType::Continuous => EntryKind::File(self.remaining),
            EntryType::Directory => EntryKind::Directory,
            EntryType::Symlink => EntryKind::Symlink(link()),
            EntryType::Link => EntryKind::HardLink(link()),
            EntryType::Char => device().map(|(major, minor)| EntryKind::Character(major, minor))?,
            EntryType::Block => device().map(|(major, minor)| EntryKind::Block(major, minor))?,
            EntryType::Fifo => EntryKind::Fifo,
            other => return Err(Error::Unsupported(format!("a tar entry of type {:?}", char::from(other.as_byte())))),
        };
        let mtime = || header.mtime().map(|seconds| (i64::try_from(seconds).unwrap_or(0), 0)).map_err(bad);
        Ok(Entry {
            name: path(Some(name)),
            kind,
            mode: header.mode().map_err(bad)? & 0o7777,
            uid: extensions.uid.map_or_else(|| header.uid().map_err(bad).and_then(narrow), Ok)?,
            gid: extensions.gid.map_or_else(|| header.gid().map_err(bad).and_then(narrow), Ok)?,
            mtime: extensions.mtime.map_or_else(mtime, Ok)?,
            xattrs: extensions.xattrs,
            source: None,
            inode: None,
        })
    }
}

impl<R: Read> Read for TarReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.by_ref().take(self.remaining).read(buffer)?;
        if read == 0 && self.remaining > 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.remaining -= read as u64;
        Ok(read)
    }
}

impl Extensions {
    /// Reads pax records, each `LENGTH KEY=VALUE` and a newline, where LENGTH
    /// counts the whole record (pax(1), "pax Extended Header").
    fn read(&mut self, mut records: &[u8]) -> Result<()> {
        while !records.is_empty() {
            let (record, rest) = split_record(records).ok_or_else(|| malformed("a pax record has a wrong length"))?;
            let equals = record.iter().position(|byte| *byte == b'=');
            let (key, value) = equals.map(|at| (&record[..at], &record[at + 1..])).unwrap_or_default();
            self.set(&String::from_utf8_lossy(key), value);
            records = rest;
        }
        Ok(())
    }

    fn set(&mut self, key: &str, value: &[u8]) {
        let text = std::str::from_utf8(value).unwrap_or_default();
        match key {
            "path" => self.name = Some(value.to_vec()),
            "linkpath" => self.link = Some(value.to_vec()),
            "size" => self.size = text.parse().ok(),
            "uid" => self.uid = text.parse().ok(),
            "gid" => self.gid = text.parse().ok(),
            "mtime" => self.mtime = seconds(text),
            _ => {
                if let Some(name) = key.strip_prefix(XATTR_PREFIX) {
                    self.xattrs.push((name.into(), value.to_vec()));
                }
            }
        }
    }
}

/// The first record without its length and newline, and what follows it.
fn split_record(records: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = records.iter().position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&records[..blank]).ok()?.parse().ok()?;
    let body = records.get(blank + 1..length)?;
    Some((body.strip_suffix(b"\n")?, &records[length..]))
}

/// `1700000000.25` as seconds and nanoseconds.
fn seconds(text: &str) -> Option<(i64, u32)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    Some((whole.parse().ok()?, digits.parse().ok()?))
}

fn path(bytes: Option<Vec<u8>>) -> PathBuf {
    OsString::from_vec(bytes.unwrap_or_default()).into()
}

fn malformed(why: &str) -> Error {
    Error::Malformed(why.into())
}

fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
