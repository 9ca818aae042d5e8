//! The learner's workspace: `reset`, `undo`, `start` and `diff`.
//!
//! Nothing that a learner wrote is ever lost: `reset` copies it to `.galley/backup/`, and
//! `undo` brings it back.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use course::Chapter;

use crate::assembly::lower_chapters;
use crate::backup::{back_up, backups};
use crate::check::judge::is_passed;
use crate::error::{Error, Result};
use crate::progress::{Progress, Status, is_starter};
use crate::repo::{Repo, Tree};
use crate::{doctor, files, starter};

/// Puts the starter back, and backs up what was there.
pub fn reset(repo: &Repo, chapter: &Chapter) -> Result<u8> {
    if is_starter(repo, chapter)? {
        println!("{} is the starter already.", chapter.id());
        return Ok(0);
    }
    let starter = starter::of(repo, chapter)?.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
    let source = repo.source(Tree::Exercises, chapter);
    let backup = back_up(repo, &chapter.id(), &source, "")?;
    replace(&source, &starter)?;
    println!("{} is the starter again. Yours is in {};", chapter.id(), repo.short(&backup).display());
    println!("`cargo xtask undo {}` brings it back.", chapter.id());
    Ok(0)
}

/// Prefix of the names of what an `undo` backs up.
const UNDONE: &str = "undone-";

/// Takes the last `reset` back, and backs up what is there now.
pub fn undo(repo: &Repo, chapter: &Chapter) -> Result<u8> {
    let source = repo.source(Tree::Exercises, chapter);
    let Some((_, last)) = backups(repo, &chapter.id(), "")?.pop() else {
        return Err(Error::Usage(format!("there is nothing to undo for {}: it was not reset", chapter.id())));
    };
    if !is_starter(repo, chapter)? {
        let backup = back_up(repo, &chapter.id(), &source, UNDONE)?;
        println!("What you wrote since is in {}.", repo.short(&backup).display());
    }
    let texts = files::list(&last)?.into_iter().map(|file| {
        let path = last.join(&file);
        let text = fs::read(&path).map_err(Error::file("read", &path))?;
        Ok((source.join(file), text))
    });
    replace(&source, &texts.collect::<Result<_>>()?)?;
    files::remove(&last)?;
    println!("{} is again what it was before the last reset.", chapter.id());
    Ok(0)
}

/// Begins at a chapter: says what its checks are built on, and tries what they ask of the
/// kernel.
pub fn start(repo: &Repo, chapter: &'static Chapter) -> Result<u8> {
    for lower in lower_chapters(repo, chapter)? {
        let whose =
            if is_passed(repo, lower)? { "yours, which is passed" } else { "the reference, as yours is not passed" };
        println!("{}  {whose}", lower.id());
    }
    let lacks = doctor::missing_in_kernel(repo)?;
    if !lacks.is_empty() {
        let remedy = "`cargo xtask doctor` says how to get it".to_owned();
        return Err(Error::Machine { lack: format!("has no {}", lacks.join(", no ")), remedy });
    }
    println!("The kernel has what this workbook needs.");
    println!("\nRead  book/{}", chapter.page());
    println!("Write {}", repo.short(&repo.source(Tree::Exercises, chapter)).display());
    println!("Then  cargo xtask check {}", chapter.id());
    Ok(0)
}

/// Shows the learner's code beside the reference, once it is passed.
pub fn diff(repo: &Repo, chapter: &Chapter) -> Result<u8> {
    if Progress::load(repo)?.status(repo, chapter)? != Some(Status::Passed) {
        return Err(Error::Usage(format!(
            "{0} is not passed yet; the reference is shown after `cargo xtask check {0}`",
            chapter.id()
        )));
    }
    let reference = repo.source(Tree::Solutions, chapter);
    for file in files::list(&reference)? {
        let labels = [format!("yours/{}", file.display()), format!("reference/{}", file.display())];
        let status = Command::new("diff")
            .args(["--unified", "--label", &labels[0], "--label", &labels[1]])
            .arg(repo.source(Tree::Exercises, chapter).join(&file))
            .arg(reference.join(&file))
            .status()
            .map_err(Error::file("run", Path::new("diff")))?;
        // diff(1): 0 the same, 1 different, 2 trouble.
        if status.code() == Some(2) {
            return Err(Error::Failed(format!("{} could not be compared", file.display())));
        }
    }
    Ok(0)
}

/// Makes a directory hold these files and no others. The directory itself stays, because an
/// editor, a shell or `check --watch` may have it open.
fn replace(directory: &Path, texts: &BTreeMap<PathBuf, Vec<u8>>) -> Result<()> {
    for (path, text) in texts {
        files::write(path, text)?;
    }
    for path in files::list(directory)?.into_iter().map(|file| directory.join(file)) {
        if !texts.contains_key(&path) {
            fs::remove_file(&path).map_err(Error::file("remove", &path))?;
        }
    }
    Ok(())
}
