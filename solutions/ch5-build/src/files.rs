//! Given: the files of a COPY, wherever they come from.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use archive::{Entry, EntryKind, TarReader, decompress};
use images::Store;
use sys::Temporary;

use crate::context::{Ignore, Selected, select, walk};
use crate::error::{Error, Problem, Result};
use crate::rootfs::Rootfs;
use crate::syntax::{Copy, HereDocument};

/// The files of a COPY, and what keeps them there until they are copied.
#[derive(Default)]
pub struct Files {
    pub selected: Vec<Selected>,
    /// Whether they are archives whose content is meant: ADD.
    archives: bool,
    _root: Option<Rootfs>,
    documents: Vec<Temporary>,
}

/// What archives held, for as long as it is needed.
pub struct Unpacked {
    pub selected: Vec<Selected>,
    _directory: Temporary,
}

impl Files {
    /// Those of the context, or of the root that `--from` names.
    pub fn of(store: &Store, copy: &Copy, root: Option<Rootfs>, context: &Path, ignored: &Ignore) -> Result<Self> {
        let selected = match &root {
            Some(root) => select(root.path(), &copy.sources, &Ignore::default())?,
            None => select(context, &copy.sources, ignored)?,
        };
        let archives = copy.add && are_archives(copy, &selected)?;
        let mut files = Self { selected, archives, _root: root, documents: Vec::new() };
        for document in &copy.documents {
            files.add_document(store, document)?;
        }
        Ok(files)
    }

    /// The content of the archives; `None` if the files are meant as they are.
    pub fn unpack(&self, store: &Store) -> Result<Option<Unpacked>> {
        if !self.archives {
            return Ok(None);
        }
        let directory = store.temporary_directory()?;
        for file in &self.selected {
            let archive = File::open(&file.from).map_err(Error::io("open", &file.from))?;
            images::unpack(&mut decompress(archive)?, directory.path(), store.layer_limit)?;
        }
        let mut selected = Vec::new();
        walk(directory.path(), Path::new(""), PathBuf::new(), &Ignore::default(), &mut selected)
            .map_err(Error::io("read", directory.path()))?;
        Ok(Some(Unpacked { selected, _directory: directory }))
    }

    /// The text of a here-document as a file of its name.
    fn add_document(&mut self, store: &Store, document: &HereDocument) -> Result<()> {
        let directory = store.temporary_directory()?;
        let from = directory.path().join("document");
        fs::write(&from, &document.text).map_err(Error::io("write", &from))?;
        fs::File::open(&from)
            .and_then(|file| file.set_modified(std::time::UNIX_EPOCH))
            .map_err(Error::io("write", &from))?;
        let name = Path::new(&document.name).file_name().unwrap_or("document".as_ref());
        self.selected.push(Selected { to: PathBuf::from(name), from });
        self.documents.push(directory);
        Ok(())
    }
}

/// Whether ADD means the content of its files: those that are archives.
///
/// # Errors
///
/// Archives beside other files: whose owner a file keeps must not depend on its
/// neighbor.
fn are_archives(copy: &Copy, selected: &[Selected]) -> Result<bool> {
    // Files of a directory that was named are copied as they are.
    if selected.iter().any(|file| file.to == Path::new("")) {
        return Ok(false);
    }
    let mut archives = 0;
    for file in selected {
        archives += usize::from(is_archive(&file.from)?);
    }
    if archives == 0 {
        return Ok(false);
    }
    if archives < selected.len() || !copy.documents.is_empty() {
        let problem = Problem::new("ADD", "ADD has archives, which are unpacked, beside other files");
        return Err(problem.suggest("write an ADD for the archives, and one for the rest").into());
    }
    Ok(true)
}

/// Whether a file is a tar archive, compressed or not: told by its content.
fn is_archive(path: &Path) -> Result<bool> {
    if !matches!(Entry::of(path, PathBuf::new())?, Some(Entry { kind: EntryKind::File(1..), .. })) {
        return Ok(false);
    }
    let file = File::open(path).map_err(Error::io("open", path))?;
    match decompress(file) {
        Ok(bytes) => Ok(TarReader::new(bytes).next_entry().is_ok_and(|entry| entry.is_some())),
        Err(archive::Error::Unsupported(what)) => {
            Err(Problem::new("ADD", format!("{what} is not unpacked")).suggest("unpack it in a RUN").into())
        }
        Err(error) => Err(error.into()),
    }
}
