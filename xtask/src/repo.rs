//! Where things are in the repository, which is found when the program runs.

use std::env;
use std::path::{Path, PathBuf};

use course::{CHAPTERS, Chapter};

use crate::cargo;
use crate::error::{Error, Result};

/// This program, to be started again. Not by its path, where cargo may be building the next
/// version.
pub const HARNESS: &str = "/proc/self/exe";

/// One of the two mirror trees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tree {
    /// The learner's.
    Exercises,
    /// The reference.
    Solutions,
}

impl Tree {
    /// The directory's name, and the name used in `check --json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exercises => "exercises",
            Self::Solutions => "solutions",
        }
    }
}

/// A checkout of the repository.
#[derive(Clone, Debug)]
pub struct Repo {
    root: PathBuf,
    target: PathBuf,
}

impl Repo {
    /// Finds the repository that this process works on.
    ///
    /// Nothing is compiled in, because a checkout may be copied or renamed together with
    /// its `target/`, and the copy's harness must not touch the original. cargo names the
    /// package that it runs in `CARGO_MANIFEST_DIR`; without cargo, the current directory
    /// and the program's own path must lead to the same repository.
    ///
    /// # Errors
    /// [`Error::Usage`] if two of these lead to different repositories, or none to any.
    pub fn find() -> Result<Self> {
        let of_cargo = env::var_os("CARGO_MANIFEST_DIR").and_then(|directory| root_above(Path::new(&directory)));
        let of_directory = env::current_dir().ok().and_then(|directory| root_above(&directory));
        // With CARGO_TARGET_DIR the program may be anywhere, so cargo's word is enough.
        let of_program =
            if of_cargo.is_some() { None } else { env::current_exe().ok().and_then(|path| root_above(&path)) };
        let mut roots = [of_cargo, of_directory, of_program].into_iter().flatten();
        let root = roots.next().ok_or_else(|| {
            Error::Usage("this is not inside the workbook: run `cargo xtask` in its directory".to_owned())
        })?;
        if let Some(other) = roots.find(|other| *other != root) {
            return Err(Error::Usage(format!(
                "the program and the directory disagree: one belongs to {}, the other to {}; run `cargo xtask` in the \
                 directory that you mean",
                root.display(),
                other.display()
            )));
        }
        let target = cargo::target_directory(&root)?;
        Ok(Self { root, target })
    }

    /// The repository at `root`, with its own `target/`; for copies that tests make.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned(), target: root.join("target") }
    }

    /// The repository's directory, without symbolic links in its path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// cargo's target directory, which every workspace here shares.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The directory of a tree.
    pub fn tree(&self, tree: Tree) -> PathBuf {
        self.root.join(tree.name())
    }

    /// The manifest of a tree's workspace.
    pub fn manifest(&self, tree: Tree) -> PathBuf {
        match tree {
            Tree::Exercises => self.root.join("Cargo.toml"),
            Tree::Solutions => self.root.join("solutions/Cargo.toml"),
        }
    }

    /// The directory of a chapter's crate.
    pub fn chapter(&self, tree: Tree, chapter: &Chapter) -> PathBuf {
        self.tree(tree).join(chapter.directory())
    }

    /// The directory of a chapter's source files.
    pub fn source(&self, tree: Tree, chapter: &Chapter) -> PathBuf {
        self.chapter(tree, chapter).join("src")
    }

    /// A path for messages: relative to the repository.
    pub fn short<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }
}

/// This program by its path, for a shell or a virtual machine.
pub fn program_path() -> Result<PathBuf> {
    let path = env::current_exe().map_err(Error::file("find", Path::new(HARNESS)))?;
    // The kernel appends this if cargo has replaced the file (proc_pid_exe(5)).
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(path.with_file_name(name.trim_end_matches(" (deleted)")))
}

/// The nearest directory from `path` upward that is a checkout of the workbook.
fn root_above(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    let is_root = |directory: &&Path| {
        directory.join("xtask/Cargo.toml").is_file()
            && directory.join("exercises").is_dir()
            && directory.join("Cargo.toml").is_file()
    };
    path.ancestors().find(is_root).map(Path::to_owned)
}

/// The chapter called `ch3`, `3` or `cgroups`.
///
/// # Errors
/// [`Error::Usage`] if there is no such chapter.
pub fn chapter(name: &str) -> Result<&'static Chapter> {
    CHAPTERS
        .iter()
        .find(|chapter| chapter.id() == name || chapter.name == name || chapter.number.to_string() == name)
        .ok_or_else(|| {
            let last = CHAPTERS.last().map_or_else(String::new, Chapter::id);
            Error::Usage(format!("there is no chapter '{name}': they are ch1 to {last}, see `cargo xtask list`"))
        })
}
