//! Copies of the repository in which a chapter's solution is changed and graded.

use std::fs::File;
use std::path::Path;

use course::{CHAPTERS, Chapter};
use nix::fcntl::Flock;

use xtask::cargo::lock;
use xtask::error::Result;
use xtask::files;
use xtask::repo::{Repo, Tree};

/// A copy of the repository's outline, with one chapter changed. It lives below
/// `target/` and shares its compiled crates. Whoever else wants the same slot, such as
/// a demo that shows a report, waits until this is dropped.
pub struct Copy {
    pub repo: Repo,
    _alone: Flock<File>,
}

impl Copy {
    /// Makes the copy; `change` is given the directory of the chapter's crate in it.
    pub fn make(repo: &Repo, chapter: &Chapter, slot: usize, change: impl FnOnce(&Path) -> Result<()>) -> Result<Self> {
        let root = repo.target().join("mutants").join(slot.to_string());
        let solutions = root.join("solutions");
        let alone = lock(&root.with_extension("lock"))?;
        files::create_dir(&solutions)?;
        // The links lead to the real trees; only the patched chapter is a copy.
        for name in ["exercises", "xtask", "Cargo.toml", "Cargo.lock"] {
            files::link(&repo.root().join(name), &root.join(name))?;
        }
        share_compiled(repo, &root)?;
        for given in ["galley", "support"] {
            files::link(&repo.tree(Tree::Exercises).join(given), &solutions.join(given))?;
        }
        files::link(&repo.tree(Tree::Solutions).join("quotes"), &solutions.join("quotes"))?;
        // With the way to what is outside written out: cargo compiles a crate again for each
        // path by which it is reached, even where links lead to the same place.
        let manifest = files::read(&repo.manifest(Tree::Solutions))?;
        files::write(
            &solutions.join("Cargo.toml"),
            manifest.replace("\"../", &format!("\"{}/", repo.root().display())),
        )?;
        // A copy: cargo writes the patched chapter's version into it.
        files::write(&solutions.join("Cargo.lock"), files::read(&repo.tree(Tree::Solutions).join("Cargo.lock"))?)?;
        for other in CHAPTERS {
            let path = solutions.join(other.directory());
            files::remove(&path)?;
            if other.number != chapter.number {
                files::link(&repo.chapter(Tree::Solutions, other), &path)?;
            }
        }
        let patched = solutions.join(chapter.directory());
        files::create_dir(&patched)?;
        files::link(&repo.chapter(Tree::Exercises, chapter).join("tests"), &patched.join("tests"))?;
        write_manifest(repo, chapter, slot, &patched)?;
        files::copy_dir(&repo.source(Tree::Solutions, chapter), &patched.join("src"))?;
        change(&patched)?;
        Ok(Self { repo: Repo::at(&root), _alone: alone })
    }
}

/// Gives a copy of the repository what is compiled already, and a place of its own
/// for everything else below `target/`.
pub fn share_compiled(repo: &Repo, copy: &Path) -> Result<()> {
    let target = copy.join("target");
    files::create_dir(&target)?;
    files::link(&repo.target().join("debug"), &target.join("debug"))
}

/// The chapter's manifest under a version for each slot: by that alone cargo tells
/// a patched chapter from the real one, and from other copies. All else keeps its
/// version, and so what the reference compiled of it.
fn write_manifest(repo: &Repo, chapter: &Chapter, slot: usize, patched: &Path) -> Result<()> {
    let manifest = repo.chapter(Tree::Exercises, chapter).join("Cargo.toml");
    let text = files::read(&manifest)?;
    let version = format!("\nversion = \"3.0.{slot}\"");
    files::write(&patched.join("Cargo.toml"), text.replacen("\nversion.workspace = true", &version, 1))
}
