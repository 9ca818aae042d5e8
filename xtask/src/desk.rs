//! The learner's desk: `reset`, `undo`, `start` and `diff`.
//!
//! Nothing a learner wrote is ever lost: `reset` puts it aside in
//! `.galley/backup/`, and `undo` brings it back.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use course::{CHAPTERS, Chapter};

use crate::check::{self, Trial};
use crate::error::{Error, Result};
use crate::progress::{Progress, Standing};
use crate::sync::{put, starter_of};
use crate::tree::{Side, Tree, files};

/// Back to the starter; what was there is put aside.
pub fn reset(tree: &Tree, chapter: &Chapter) -> Result<u8> {
    let source = tree.chapter(Side::Mine, chapter).join("src");
    let starter = starter_of(tree, chapter)?;
    let aside = put_aside(tree, chapter, &source)?;
    for (path, text) in starter {
        put(&path, &text)?;
    }
    println!("{} is the starter again. Yours is in {};", chapter.id(), tree.short(&aside).display());
    println!("`cargo xtask undo {}` brings it back.", chapter.id());
    Ok(0)
}

/// Takes the last `reset` back; what is there now is put aside in turn.
pub fn undo(tree: &Tree, chapter: &Chapter) -> Result<u8> {
    let source = tree.chapter(Side::Mine, chapter).join("src");
    let Some(last) = backups(tree, chapter)?.pop() else {
        return Err(Error::Usage(format!("there is nothing to undo for {}: it was not reset", chapter.id())));
    };
    let undone = backup_directory(tree, chapter).join("undone");
    if undone.exists() {
        fs::remove_dir_all(&undone).map_err(Error::file("remove", &undone))?;
    }
    fs::rename(&source, &undone).map_err(Error::file("move", &source))?;
    fs::rename(&last, &source).map_err(Error::file("move", &last))?;
    println!("{} is again what it was before the last reset.", chapter.id());
    Ok(0)
}

/// Begins at a chapter: checks that the reference of each chapter before it works
/// on this machine, since galley borrows those.
pub fn start(tree: &Tree, chapter: &'static Chapter) -> Result<u8> {
    for before in &CHAPTERS[..chapter.number - 1] {
        if Progress::load(tree)?.standing(tree, before)? == Some(Standing::Passed) {
            println!("{}  yours", before.id());
            continue;
        }
        let graded = check::judge(tree, before, Side::Reference, &Trial::default())?;
        if !graded.passed() {
            return Err(Error::Failed(format!(
                "the reference of {} does not pass on this machine; see `cargo xtask doctor`\n{}",
                before.id(),
                check::details(&graded)
            )));
        }
        println!("{}  the reference, which passes here", before.id());
    }
    println!(
        "\nRead  book/{}\nWrite {}",
        chapter.page(),
        tree.short(&tree.chapter(Side::Mine, chapter).join("src")).display()
    );
    println!("Then  cargo xtask check {}", chapter.id());
    Ok(0)
}

/// Shows the learner's code beside the reference, once it is passed.
pub fn diff(tree: &Tree, chapter: &Chapter) -> Result<u8> {
    if Progress::load(tree)?.standing(tree, chapter)? != Some(Standing::Passed) {
        return Err(Error::Usage(format!(
            "{0} is not passed yet; the reference is shown after `cargo xtask check {0}`",
            chapter.id()
        )));
    }
    let reference = tree.chapter(Side::Reference, chapter).join("src");
    for file in files(&reference)? {
        let labels = [format!("yours/{}", file.display()), format!("reference/{}", file.display())];
        let status = Command::new("diff")
            .args(["--unified", "--label", &labels[0], "--label", &labels[1]])
            .arg(tree.chapter(Side::Mine, chapter).join("src").join(&file))
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

fn backup_directory(tree: &Tree, chapter: &Chapter) -> PathBuf {
    tree.root().join(".galley/backup").join(chapter.id())
}

/// The backups, the oldest first: they are numbered.
fn backups(tree: &Tree, chapter: &Chapter) -> Result<Vec<PathBuf>> {
    let directory = backup_directory(tree, chapter);
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::file("read", &directory)(error)),
    };
    let mut numbered: Vec<(usize, PathBuf)> =
        entries.flatten().filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path()))).collect();
    numbered.sort();
    Ok(numbered.into_iter().map(|(_, path)| path).collect())
}

fn put_aside(tree: &Tree, chapter: &Chapter, source: &Path) -> Result<PathBuf> {
    let directory = backup_directory(tree, chapter);
    fs::create_dir_all(&directory).map_err(Error::file("create", &directory))?;
    let last = backups(tree, chapter)?.pop();
    let number = last.and_then(|path| path.file_name()?.to_str()?.parse::<usize>().ok()).unwrap_or(0) + 1;
    let aside = directory.join(number.to_string());
    fs::rename(source, &aside).map_err(Error::file("move", source))?;
    Ok(aside)
}
