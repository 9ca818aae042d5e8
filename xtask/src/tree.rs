//! Where things are in the repository.

use std::fs;
use std::path::{Path, PathBuf};

use course::{CHAPTERS, Chapter};

use crate::error::{Error, Result};

/// This program, for a process of its own. Not by its path: cargo may be building
/// the next one there.
pub const HARNESS: &str = "/proc/self/exe";

/// The directories of `exercises/` that hold given code; `solutions/` has links to them.
pub const GIVEN: [&str; 2] = ["galley", "support"];

/// Which of the two mirror trees a command works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `exercises/`: the learner's.
    Mine,
    /// `solutions/`: the reference.
    Reference,
}

/// The repository.
#[derive(Clone, Debug)]
pub struct Tree {
    root: PathBuf,
}

impl Tree {
    /// The repository that this harness was compiled in; the harness's own tests name
    /// a copy of it.
    pub fn here() -> Self {
        if let Some(copy) = std::env::var_os("GALLEY_TEST_REPOSITORY") {
            return Self::at(Path::new(&copy));
        }
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { root: manifest.parent().unwrap_or(manifest).to_owned() }
    }

    /// A repository somewhere else, for the tests.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// A number for this repository, so that a copy that shares its target directory
    /// is told apart.
    pub fn number(&self) -> u64 {
        mix(FNV_START, self.root.as_os_str().as_encoded_bytes()) % 1_000_000
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The one target directory that every workspace here shares.
    pub fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// The reference's workspace for a directory elsewhere, with the way to what is
    /// outside of it written out. That crates are reached by one path matters even
    /// where links lead to the same place: cargo compiles them again for each.
    pub fn reference_workspace(&self) -> Result<String> {
        let manifest = self.manifest(Side::Reference);
        let text = fs::read_to_string(&manifest).map_err(Error::file("read", &manifest))?;
        Ok(text.replace("\"../", &format!("\"{}/", self.root.display())))
    }

    /// A tree's directory; also where `quotes/` is.
    pub fn side(&self, side: Side) -> PathBuf {
        self.root.join(match side {
            Side::Mine => "exercises",
            Side::Reference => "solutions",
        })
    }

    /// The manifest of a tree's workspace.
    pub fn manifest(&self, side: Side) -> PathBuf {
        match side {
            Side::Mine => self.root.join("Cargo.toml"),
            Side::Reference => self.root.join("solutions/Cargo.toml"),
        }
    }

    /// A chapter's crate.
    pub fn chapter(&self, side: Side, chapter: &Chapter) -> PathBuf {
        self.side(side).join(chapter.directory())
    }

    /// A path as the reader of a message knows it: from the root.
    pub fn short<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }
}

/// The chapter called `ch3`, `3` or `cgroups`.
pub fn chapter(name: &str) -> Result<&'static Chapter> {
    CHAPTERS
        .iter()
        .find(|chapter| chapter.id() == name || chapter.name == name || chapter.number.to_string() == name)
        .ok_or_else(|| {
            let last = CHAPTERS.last().map_or_else(String::new, Chapter::id);
            Error::Usage(format!("there is no chapter '{name}': they are ch1 to {last}, see `cargo xtask list`"))
        })
}

/// Every file below `directory`, by its path relative to it, sorted.
pub fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(relative) = open.pop() {
        let path = directory.join(&relative);
        for entry in fs::read_dir(&path).map_err(Error::file("read", &path))? {
            let entry = entry.map_err(Error::file("read", &path))?;
            let name = relative.join(entry.file_name());
            if entry.path().is_dir() { open.push(name) } else { found.push(name) }
        }
    }
    found.sort();
    Ok(found)
}

/// A number that changes when a file below `directory` changes.
///
/// Not a defence against an attacker: it answers "is this what was graded?".
pub fn fingerprint(directory: &Path) -> Result<String> {
    let mut hash = FNV_START;
    for file in files(directory)? {
        let path = directory.join(&file);
        hash = mix(hash, file.as_os_str().as_encoded_bytes());
        hash = mix(hash, &fs::read(&path).map_err(Error::file("read", &path))?);
    }
    Ok(format!("{hash:016x}"))
}

/// The same for one file, whatever its name.
pub fn fingerprint_of(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(Error::file("read", path))?;
    Ok(format!("{:016x}", mix(FNV_START, &bytes)))
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a with 64 bits; the zero ends a part, so that "ab" "c" is not "a" "bc".
fn mix(hash: u64, bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().chain(&[0]).fold(hash, step)
}
