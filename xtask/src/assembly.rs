//! Which tree each chapter is taken from, as a workspace that cargo can build.
//!
//! A learner's passed chapters are combined with the reference for the rest. The two trees
//! hold packages of the same names, so below `target/mix/` stands a third workspace for
//! each combination. It has symbolic links to both trees and a copy of the repository's
//! manifest that names the chapters where they are taken from. cargo tells packages
//! apart by their path in the workspace, so a crate that is the same in two
//! combinations is compiled once, and messages name `exercises/…` and `solutions/…`.

use std::fs;
use std::path::{Path, PathBuf};

use course::{CHAPTERS, Chapter};

use crate::error::{Error, Result};
use crate::files;
use crate::repo::{Repo, Tree};

/// The tree of each chapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assembly {
    trees: Vec<Tree>,
}

/// A workspace that cargo can build.
pub struct Workspace {
    /// The directory of its manifest.
    pub root: PathBuf,
    /// The directory that snapshots are found in: insta knows them by a path below it.
    pub snapshots: PathBuf,
}

impl Assembly {
    /// Every chapter from one tree.
    pub fn all(tree: Tree) -> Self {
        Self { trees: vec![tree; CHAPTERS.len()] }
    }

    /// Each chapter from the tree that `choose` names.
    pub fn choose(choose: impl FnMut(&'static Chapter) -> Result<Tree>) -> Result<Self> {
        Ok(Self { trees: CHAPTERS.iter().map(choose).collect::<Result<_>>()? })
    }

    /// The tree that a chapter is taken from.
    pub fn tree(&self, chapter: &Chapter) -> Tree {
        self.trees[chapter.number - 1]
    }

    /// The chapters with their trees.
    pub fn chapters(&self) -> impl Iterator<Item = (&'static Chapter, Tree)> {
        CHAPTERS.iter().zip(self.trees.iter().copied())
    }

    /// Whether a tree is the only one.
    pub fn is_all(&self, tree: Tree) -> bool {
        self.trees.iter().all(|other| *other == tree)
    }

    /// Lays the workspace out, unless one of the two trees is it already.
    pub fn workspace(&self, repo: &Repo) -> Result<Workspace> {
        let root = if self.is_all(Tree::Exercises) {
            repo.root().to_owned()
        } else if self.is_all(Tree::Solutions) {
            let root = repo.tree(Tree::Solutions);
            return Ok(Workspace { snapshots: root.clone(), root });
        } else {
            self.lay_out(repo)?
        };
        Ok(Workspace { root, snapshots: repo.root().to_owned() })
    }

    fn lay_out(&self, repo: &Repo) -> Result<PathBuf> {
        let reference = || CHAPTERS.iter().filter(|chapter| self.tree(chapter) == Tree::Solutions);
        let numbers: String = reference().map(|chapter| format!("-{}", chapter.number)).collect();
        let root = repo.target().join("mix").join(format!("reference{numbers}"));
        files::create_dir(&root.join("solutions"))?;
        for name in ["exercises", "xtask"] {
            files::link(&repo.root().join(name), &root.join(name))?;
        }
        let manifest = repo.manifest(Tree::Exercises);
        let mut text = files::read(&manifest)?;
        for chapter in reference() {
            let directory = chapter.directory();
            // One link each: with one to all of `solutions`, cargo would find its workspace first.
            files::link(&repo.chapter(Tree::Solutions, chapter), &root.join("solutions").join(&directory))?;
            text = text.replace(&format!("\"exercises/{directory}\""), &format!("\"solutions/{directory}\""));
        }
        files::write(&root.join("Cargo.toml"), &text)?;
        copy_newer(&repo.root().join("Cargo.lock"), &root.join("Cargo.lock"))?;
        Ok(root)
    }
}

impl Workspace {
    /// Its manifest.
    pub fn manifest(&self) -> PathBuf {
        self.root.join("Cargo.toml")
    }
}

/// The chapters that a chapter's crate depends on, also through support crates, as the
/// manifests say; in order.
pub fn lower_chapters(repo: &Repo, chapter: &Chapter) -> Result<Vec<&'static Chapter>> {
    let manifest = files::read(&repo.manifest(Tree::Exercises))?;
    // `images = { path = "exercises/ch4-images" }`
    let crates: Vec<(&str, &str)> = manifest
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.split_once(" = { path = \"")?;
            Some((name, rest.split_once('"')?.0)).filter(|(_, path)| path.starts_with("exercises/"))
        })
        .collect();
    let (mut found, mut open) = (Vec::new(), vec![format!("exercises/{}", chapter.directory())]);
    while let Some(path) = open.pop() {
        let manifest = files::read(&repo.root().join(&path).join("Cargo.toml"))?;
        for line in manifest.lines() {
            let name = line.split(['.', ' ']).next().unwrap_or_default();
            let Some((_, path)) = crates.iter().find(|(known, _)| *known == name) else { continue };
            if !found.contains(path) {
                found.push(*path);
                open.push((*path).to_owned());
            }
        }
    }
    let is_found = |other: &&Chapter| found.iter().any(|path| *path == format!("exercises/{}", other.directory()));
    Ok(CHAPTERS.iter().filter(|other| other.number != chapter.number).filter(is_found).collect())
}

/// Copies a file if it is newer than its copy.
fn copy_newer(file: &Path, copy: &Path) -> Result<()> {
    let modified = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    if modified(copy) < modified(file) {
        fs::copy(file, copy).map_err(Error::file("copy", file))?;
    }
    Ok(())
}
