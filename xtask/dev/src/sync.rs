//! Everything in the repository that is made from something else in it.
//!
//! | derived | from |
//! | --- | --- |
//! | `exercises/*/src` | `solutions/*/src` with the marked bodies taken out |
//! | `exercises/quotes` | `solutions/quotes` with an empty Dockerfile |
//! | `solutions/Cargo.toml` | `Cargo.toml` |
//! | `xtask/course/checks.txt` | the files of every chapter's checks |

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use course::CHAPTERS;

use xtask::backup::back_up;
use xtask::error::{Error, Result};
use xtask::repo::{Repo, Tree};
use xtask::{check_integrity, files, starter};

/// The derived files by path, as they should be.
type Derived = BTreeMap<PathBuf, String>;

/// Writes what is stale and says so; with `check` it only fails if something is.
pub fn run(repo: &Repo, only_check: bool) -> Result<u8> {
    if only_check {
        check(repo)?;
        println!("every derived file is up to date");
    } else {
        for path in write(repo)? {
            println!("wrote {}", repo.short(&path).display());
        }
    }
    Ok(0)
}

/// Writes every derived file that is not as it should be, and returns which.
fn write(repo: &Repo) -> Result<Vec<PathBuf>> {
    let derived = derive(repo)?;
    let stale = stale(repo, &derived)?;
    for (name, directory) in learners(repo) {
        if stale.iter().any(|path| path.starts_with(&directory)) && is_own_work(repo, &name, &directory)? {
            let backup = back_up(repo, &name, &directory, "")?;
            println!("{} was edited; that is in {}", repo.short(&directory).display(), repo.short(&backup).display());
        }
    }
    for path in &stale {
        match derived.get(path) {
            Some(text) => files::write(path, text)?,
            None => fs::remove_file(path).map_err(Error::file("remove", path))?,
        }
    }
    for (name, directory) in learners(repo) {
        files::write(&last_written(repo, &name), files::fingerprint(&directory)?)?;
    }
    Ok(stale)
}

/// The directories of `exercises/` that are written here and in which a learner works,
/// with the names of their backups.
fn learners(repo: &Repo) -> Vec<(String, PathBuf)> {
    let chapters = CHAPTERS.iter().map(|chapter| (chapter.id(), repo.source(Tree::Exercises, chapter)));
    chapters.chain([("quotes".to_owned(), repo.tree(Tree::Exercises).join("quotes"))]).collect()
}

/// Where the fingerprint of what was written last is kept.
fn last_written(repo: &Repo, name: &str) -> PathBuf {
    repo.root().join(".galley/starters").join(name)
}

/// Whether a directory holds something that was not written by `sync` and is not in git.
fn is_own_work(repo: &Repo, name: &str, directory: &Path) -> Result<bool> {
    if !directory.is_dir() || files::read_if_present(&last_written(repo, name))? == files::fingerprint(directory)? {
        return Ok(false);
    }
    let mut git = Command::new("git");
    git.args(["status", "--porcelain", "--ignored", "--"]).arg(directory).current_dir(repo.root());
    // Without git, or outside of a clone, there is no other copy.
    Ok(!git.output().is_ok_and(|output| output.status.success() && output.stdout.is_empty()))
}

/// Fails if a derived file is not as it should be.
pub fn check(repo: &Repo) -> Result<()> {
    let stale = stale(repo, &derive(repo)?)?;
    if stale.is_empty() {
        return Ok(());
    }
    Err(Error::Stale(stale.iter().map(|path| repo.short(path).to_owned()).collect()))
}

fn derive(repo: &Repo) -> Result<Derived> {
    let mut derived = Derived::new();
    for chapter in CHAPTERS {
        derived.append(&mut starter::of(repo, chapter)?);
    }
    derived.append(&mut quotes(repo)?);
    let manifest = repo.manifest(Tree::Exercises);
    let text = files::read(&manifest)?;
    derived.insert(repo.manifest(Tree::Solutions), solutions_manifest(&text));
    derived.insert(check_integrity::list_path(repo), check_integrity::list(repo)?);
    Ok(derived)
}

/// The application is the same in both trees, but for the learner's Dockerfile.
fn quotes(repo: &Repo) -> Result<Derived> {
    let source = repo.tree(Tree::Solutions).join("quotes");
    let destination = repo.tree(Tree::Exercises).join("quotes");
    let mut derived = Derived::new();
    for file in files::list(&source)? {
        let path = source.join(&file);
        let text = files::read(&path)?;
        let text = if file == Path::new("Dockerfile") { String::new() } else { text };
        derived.insert(destination.join(file), text);
    }
    Ok(derived)
}

/// Paths of the repository root, seen from `solutions/`, with the reference's version.
fn solutions_manifest(root: &str) -> String {
    let mut text = String::from("# Made from ../Cargo.toml by `cargo xtask sync`; edit that file instead.\n\n");
    let body = root.lines().skip_while(|line| *line != "[workspace]");
    for line in body {
        let member_of_root = line.trim_start().starts_with("\"xtask");
        // Cargo warns of a profile for a package that its workspace does not have.
        let profile_of_root =
            ["course.", "dev.", "pages.", "probe.", "xtask."].iter().any(|name| line.starts_with(name));
        if member_of_root || profile_of_root || line.starts_with("default-members") {
            continue;
        }
        let line = if line == "version = \"0.1.0\"" { "version = \"1.0.0\"" } else { line };
        text.push_str(&line.replace("\"exercises/", "\"").replace("\"xtask", "\"../xtask"));
        text.push('\n');
    }
    text
}

/// Derived files that differ or are missing, and files in derived directories
/// that nothing derives any more.
fn stale(repo: &Repo, derived: &Derived) -> Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    for (path, text) in derived {
        if fs::read_to_string(path).ok().as_ref() != Some(text) {
            stale.push(path.clone());
        }
    }
    for (_, directory) in learners(repo).iter().filter(|(_, directory)| directory.is_dir()) {
        stale.extend(
            files::list(directory)?
                .into_iter()
                .map(|file| directory.join(file))
                .filter(|path| !derived.contains_key(path)),
        );
    }
    Ok(stale)
}
