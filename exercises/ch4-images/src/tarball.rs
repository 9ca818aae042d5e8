//! Writing and reading the tar archive that a layer is.
//!
//! The writer uses the tar crate. The reader does not: that crate splits pax
//! records at newlines, which binary attributes contain, and reads a long name
//! of any length into memory.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use tar::{EntryType, Header};

use crate::entry::{Entry, Node};
use crate::error::At;
use crate::watch::Watched;
use crate::{Error, Result};

/// The prefix of extended attributes in pax records, as GNU tar and Docker
/// write them.
const XATTR: &str = "SCHILY.xattr.";
/// A name or a set of attributes longer than this is an attack.
const LONGEST_EXTENSION: u64 = 1 << 20;

/// Writes entries as a tar archive. The same entries give the same bytes.
pub struct TarWriter<W: Write> {
    tar: tar::Builder<W>,
    /// The first name of each file that has several.
    first_names: HashMap<(u64, u64), PathBuf>,
}

impl<W: Write> TarWriter<W> {
    pub fn new(inner: W) -> Self {
        Self { tar: tar::Builder::new(inner), first_names: HashMap::new() }
    }

    /// Adds an entry, with the bytes of its source if it is a file. The second
    /// and further names of one file become hard links to the first.
    pub fn append(&mut self, entry: &Entry) -> Result<()> {
        let first = entry.inode.and_then(|inode| self.first_names.get(&inode));
        let linked = first.map(|first| Node::HardLink(first.clone()));
        self.append_as(entry, linked.as_ref().unwrap_or(&entry.node))?;
        if let Some(inode) = entry.inode {
            self.first_names.entry(inode).or_insert_with(|| entry.name.clone());
        }
        Ok(())
    }

    /// Writes the end of the archive, two blocks of zeros, and gives the writer back.
    pub fn finish(self) -> Result<W> {
        self.tar.into_inner().at("write", Path::new("a layer"))
    }

    fn append_as(&mut self, entry: &Entry, node: &Node) -> Result<()> {
        let name = entry.name.as_path();
        let mut header = header(entry, node).at("describe", name)?;
        let keys: Vec<String> =
            entry.xattrs.iter().map(|(key, _)| format!("{XATTR}{}", key.to_string_lossy())).collect();
        if !keys.is_empty() && !matches!(node, Node::HardLink(_)) {
            let pairs = keys.iter().zip(&entry.xattrs).map(|(key, (_, value))| (key.as_str(), value.as_slice()));
            self.tar.append_pax_extensions(pairs).at("pack", name)?;
        }
        match node {
            Node::Symlink(target) | Node::HardLink(target) => self.tar.append_link(&mut header, name, target),
            Node::File(size) => {
                let mut exact = Exact { inner: entry.open()?.map(Watched), left: *size };
                self.tar.append_data(&mut header, name, &mut exact)
            }
            _ => self.tar.append_data(&mut header, name, io::empty()),
        }
        .at("pack", name)
    }
}

fn header(entry: &Entry, node: &Node) -> io::Result<Header> {
    let mut header = Header::new_gnu();
    let (kind, size) = match node {
        Node::File(size) => (EntryType::Regular, *size),
        Node::Directory => (EntryType::Directory, 0),
        Node::Symlink(_) => (EntryType::Symlink, 0),
        Node::HardLink(_) => (EntryType::Link, 0),
        Node::Character(..) => (EntryType::Char, 0),
        Node::Block(..) => (EntryType::Block, 0),
        Node::Fifo => (EntryType::Fifo, 0),
    };
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(entry.mode);
    header.set_uid(entry.uid.into());
    header.set_gid(entry.gid.into());
    header.set_mtime(u64::try_from(entry.mtime.0).unwrap_or(0));
    if let Node::Character(major, minor) | Node::Block(major, minor) = node {
        header.set_device_major(u32::try_from(*major).map_err(io::Error::other)?)?;
        header.set_device_minor(u32::try_from(*minor).map_err(io::Error::other)?)?;
    }
    Ok(header)
}

/// Yields exactly as many bytes as the header promised, or fails.
struct Exact<R> {
    inner: Option<R>,
    left: u64,
}

impl<R: Read> Read for Exact<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(inner) = &mut self.inner else { return Ok(0) };
        let read = inner.take(self.left).read(buffer)?;
        if read == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(io::Error::other("the file became shorter while it was packed"));
        }
        self.left -= read as u64;
        Ok(read)
    }
}

/// Reads entries one at a time; as a [`Read`] it yields the bytes of the entry
/// that was last returned. Memory does not depend on the archive's size.
pub struct TarReader<R> {
    inner: R,
    /// Bytes of the current entry that are still to be read, and then padding.
    left: u64,
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
        Self { inner, left: 0, padding: 0 }
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
        io::copy(&mut self.inner, &mut io::sink()).at("read", Path::new("a layer")).map(drop)
    }

    fn header(&mut self) -> Result<Option<Header>> {
        let what = Path::new("a layer");
        let rest = self.left + self.padding;
        let passed = io::copy(&mut self.inner.by_ref().take(rest), &mut io::sink()).at("read", what)?;
        let mut block = [0; 512];
        let read = read_up_to(&mut self.inner, &mut block).at("read", what)?;
        if passed < rest || (read > 0 && read < block.len()) {
            return Err(malformed("it ends in the middle of an entry"));
        }
        (self.left, self.padding) = (0, 0);
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
        (self.left, self.padding) = (size, padded - size);
        Ok(())
    }

    /// The content of a header that belongs to the next entry.
    fn extension(&mut self) -> Result<Vec<u8>> {
        if self.left > LONGEST_EXTENSION {
            return Err(malformed("a name or attribute is longer than 1 MiB"));
        }
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes).at("read", Path::new("a layer"))?;
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
        let node = match header.entry_type() {
            // Archives older than POSIX mark a directory by its name only.
            EntryType::Regular if name.ends_with(b"/") => Node::Directory,
            EntryType::Regular | EntryType::Continuous => Node::File(self.left),
            EntryType::Directory => Node::Directory,
            EntryType::Symlink => Node::Symlink(link()),
            EntryType::Link => Node::HardLink(link()),
            EntryType::Char => device().map(|(major, minor)| Node::Character(major, minor))?,
            EntryType::Block => device().map(|(major, minor)| Node::Block(major, minor))?,
            EntryType::Fifo => Node::Fifo,
            other => return Err(Error::Unsupported(format!("a tar entry of type {:?}", char::from(other.as_byte())))),
        };
        let mtime = || header.mtime().map(|seconds| (i64::try_from(seconds).unwrap_or(0), 0)).map_err(bad);
        Ok(Entry {
            name: path(Some(name)),
            node,
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
        let read = self.inner.by_ref().take(self.left).read(buffer)?;
        if read == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
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
                if let Some(name) = key.strip_prefix(XATTR) {
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
    Error::Malformed { what: "the archive".into(), why: why.into() }
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
