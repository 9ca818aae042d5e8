//! Writing the tar archive that a layer is.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::PathBuf;

use sys::Context;
use tar::{EntryType, Header};

use crate::readers::{ExactLengthReader, ProgressReader};
use crate::{Entry, EntryKind, Result};

/// The prefix of extended attributes in pax records, as GNU tar and Docker write them.
pub const XATTR_PREFIX: &str = "SCHILY.xattr.";

/// Writes entries as a tar archive. The same entries give the same bytes.
pub struct TarWriter<W: Write> {
    tar: tar::Builder<W>,
    /// The first name of each file that has several.
    first_names: HashMap<(u64, u64), PathBuf>,
}

impl<W: Write> TarWriter<W> {
    /// Begins an archive, which goes to `inner`.
    pub fn new(inner: W) -> Self {
        Self { tar: tar::Builder::new(inner), first_names: HashMap::new() }
    }

    /// Adds an entry, with the bytes of its source if it is a file, and calls
    /// `progress` with the number of each portion of them. The second and further
    /// names of one file become hard links to the first.
    ///
    /// # Errors
    /// What open(2) and read(2) say of the source, and write(2) of the archive.
    pub fn append(&mut self, entry: &Entry, progress: &mut dyn FnMut(u64)) -> Result<()> {
        let first = entry.inode.and_then(|inode| self.first_names.get(&inode));
        let linked = first.map(|first| EntryKind::HardLink(first.clone()));
        self.append_as(entry, linked.as_ref().unwrap_or(&entry.kind), progress)?;
        if let Some(inode) = entry.inode {
            self.first_names.entry(inode).or_insert_with(|| entry.name.clone());
        }
        Ok(())
    }

    /// Writes the end of the archive, two blocks of zeros, and gives the writer back.
    ///
    /// # Errors
    /// What write(2) says of the archive.
    pub fn finish(self) -> Result<W> {
        Ok(self.tar.into_inner().call("write a layer")?)
    }

    fn append_as(&mut self, entry: &Entry, kind: &EntryKind, progress: &mut dyn FnMut(u64)) -> Result<()> {
        let name = entry.name.as_path();
        let mut header = header(entry, kind).context("describe", name)?;
        let keys: Vec<String> =
            entry.xattrs.iter().map(|(key, _)| format!("{XATTR_PREFIX}{}", key.to_string_lossy())).collect();
        if !keys.is_empty() && !matches!(kind, EntryKind::HardLink(_)) {
            let pairs = keys.iter().zip(&entry.xattrs).map(|(key, (_, value))| (key.as_str(), value.as_slice()));
            self.tar.append_pax_extensions(pairs).context("pack", name)?;
        }
        match (kind, entry.open()?) {
            (EntryKind::Symlink(target) | EntryKind::HardLink(target), _) => {
                self.tar.append_link(&mut header, name, target)
            }
            (EntryKind::File(size), Some(file)) => {
                let inner = ProgressReader::new(file, progress);
                self.tar.append_data(&mut header, name, ExactLengthReader { inner, remaining: *size })
            }
            _ => self.tar.append_data(&mut header, name, io::empty()),
        }
        .context("pack", name)?;
        Ok(())
    }
}

fn header(entry: &Entry, kind: &EntryKind) -> io::Result<Header> {
    let mut header = Header::new_gnu();
    header.set_entry_type(match kind {
        EntryKind::File(_) => EntryType::Regular,
        EntryKind::Directory => EntryType::Directory,
        EntryKind::Symlink(_) => EntryType::Symlink,
        EntryKind::HardLink(_) => EntryType::Link,
        EntryKind::Character(..) => EntryType::Char,
        EntryKind::Block(..) => EntryType::Block,
        EntryKind::Fifo => EntryType::Fifo,
    });
    header.set_size(if let EntryKind::File(size) = kind { *size } else { 0 });
    header.set_mode(entry.mode);
    header.set_uid(entry.uid.into());
    header.set_gid(entry.gid.into());
    header.set_mtime(u64::try_from(entry.mtime.0).unwrap_or(0));
    if let EntryKind::Character(major, minor) | EntryKind::Block(major, minor) = kind {
        header.set_device_major(u32::try_from(*major).map_err(io::Error::other)?)?;
        header.set_device_minor(u32::try_from(*minor).map_err(io::Error::other)?)?;
    }
    Ok(header)
}
