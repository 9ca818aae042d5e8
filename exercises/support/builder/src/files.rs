//! The files of a COPY or ADD, wherever they come from.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use archive::{Entry, EntryKind, TarReader, decompress};
use dockerfile::{Copy, Diagnostic, HereDoc};
use images::Store;
use sys::{Context, Temporary};

use crate::context::walk;
use crate::error::Result;
use crate::overlay::Overlay;
use crate::steps::Selected;

/// The files of a COPY, and what keeps them there until they are copied.
#[derive(Default)]
pub struct Files {
    pub selected: Vec<Selected>,
    /// The stage or image that they come from.
    pub root: Option<Overlay>,
    pub documents: Vec<Temporary>,
}

/// What archives held.
pub struct Unpacked {
    pub selected: Vec<Selected>,
    _directory: Temporary,
}

impl Files {
    /// Adds the text of a here-document as a file of its name.
    pub fn add_document(&mut self, store: &Store, document: &HereDoc) -> Result<()> {
        let directory = store.layout.temporary_directory()?;
        let from = directory.path().join("document");
        fs::write(&from, &document.text).context("write", &from)?;
        File::open(&from).and_then(|file| file.set_modified(SystemTime::UNIX_EPOCH)).context("utimensat", &from)?;
        let name = Path::new(&document.name).file_name().unwrap_or("document".as_ref());
        self.selected.push(Selected { to: PathBuf::from(name), from });
        self.documents.push(directory);
        Ok(())
    }

    /// Unpacks the archives of an ADD; `None` if its files are meant as they are.
    pub fn unpack(&self, store: &Store, copy: &Copy) -> Result<Option<Unpacked>> {
        if !copy.add || !self.are_archives()? {
            return Ok(None);
        }
        let directory = store.layout.temporary_directory()?;
        for file in &self.selected {
            let archive = File::open(&file.from).context("open", &file.from)?;
            images::unpack(&mut decompress(archive)?, directory.path(), store.layer_limit)?;
        }
        let paths = walk(directory.path())?.into_iter();
        let selected = paths.map(|to| Selected { from: directory.path().join(&to), to }).collect();
        Ok(Some(Unpacked { selected, _directory: directory }))
    }

    /// Whether ADD means the content of its files: those that are archives.
    ///
    /// # Errors
    /// Archives beside other files: whose owner a file keeps must not depend on its neighbor.
    fn are_archives(&self) -> Result<bool> {
        // Files of a directory that was named are copied as they are.
        if self.selected.iter().any(|file| file.to == Path::new("")) {
            return Ok(false);
        }
        let mut archives = 0;
        for file in &self.selected {
            archives += usize::from(is_archive(&file.from)?);
        }
        if archives > 0 && archives < self.selected.len() {
            let diagnostic = Diagnostic::new("ADD", "ADD has archives, which are unpacked, beside other files");
            return Err(diagnostic.suggest("write an ADD for the archives, and one for the rest").into());
        }
        Ok(archives > 0)
    }
}

/// Whether a file is a tar archive, compressed or not: told by its content.
fn is_archive(path: &Path) -> Result<bool> {
    if !matches!(Entry::of(path, PathBuf::new())?, Some(Entry { kind: EntryKind::File(1..), .. })) {
        return Ok(false);
    }
    match decompress(File::open(path).context("open", path)?) {
        Ok(bytes) => Ok(TarReader::new(bytes).next_entry().is_ok_and(|entry| entry.is_some())),
        Err(archive::Error::Unsupported(what)) => {
            Err(Diagnostic::new("ADD", format!("{what} is not unpacked")).suggest("unpack it in a RUN").into())
        }
        Err(error) => Err(error.into()),
    }
}
