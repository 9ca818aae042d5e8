//! Given: the files of a COPY, wherever they come from.

use std::fs;
use std::path::{Path, PathBuf};

use images::Store;
use images::entry::{Entry, Node};
use images::temporary::Temporary;

use crate::context::{Ignore, Selected, select};
use crate::error::{Error, Problem, Result};
use crate::rootfs::Rootfs;
use crate::syntax::Copy;

/// The files of a COPY, and what keeps them there until they are copied.
#[derive(Default)]
pub struct Files {
    pub selected: Vec<Selected>,
    _root: Option<Rootfs>,
    documents: Vec<Temporary>,
}

impl Files {
    /// Those of the context, or of the root that `--from` names.
    pub fn of(store: &Store, copy: &Copy, root: Option<Rootfs>, context: &Path, ignored: &Ignore) -> Result<Self> {
        let selected = match &root {
            Some(root) => select(root.path(), &copy.sources, &Ignore::default())?,
            None => select(context, &copy.sources, ignored)?,
        };
        if copy.add {
            selected.iter().try_for_each(refuse_archive)?;
        }
        let mut files = Self { selected, _root: root, documents: Vec::new() };
        for (index, (text, _)) in copy.documents.iter().enumerate() {
            files.add_document(store, index, text)?;
        }
        Ok(files)
    }

    /// The text of a here-document as a file.
    fn add_document(&mut self, store: &Store, index: usize, text: &str) -> Result<()> {
        let directory = store.temporary_directory()?;
        let from = directory.path().join(format!("document-{index}"));
        fs::write(&from, text).map_err(Error::io("write", &from))?;
        fs::File::open(&from)
            .and_then(|file| file.set_modified(std::time::UNIX_EPOCH))
            .map_err(Error::io("write", &from))?;
        self.selected.push(Selected { to: PathBuf::from(format!("document-{index}")), from });
        self.documents.push(directory);
        Ok(())
    }
}

/// ADD would unpack an archive; galley says so instead of copying it whole.
fn refuse_archive(file: &Selected) -> Result<()> {
    let name = file.from.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let archive = [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst"].iter().any(|end| name.ends_with(end));
    let is_file = matches!(Entry::of(&file.from, PathBuf::new())?, Some(Entry { node: Node::File(_), .. }));
    if archive && is_file {
        return Err(Problem::new("ADD", format!("ADD would unpack {name}, which is not supported"))
            .suggest("use COPY, and unpack it in a RUN")
            .into());
    }
    Ok(())
}
