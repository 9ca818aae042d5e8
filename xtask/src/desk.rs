//! The learner's desk: `reset`, `undo`, `start` and `diff`.
//!
//! Nothing a learner wrote is ever lost: `reset` puts it aside in
//! `.galley/backup/`, and `undo` brings it back.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use course::{CHAPTERS, Chapter};

use crate::check::{self, Trial};
use crate::error::{Error, Result};
use crate::progress::{Progress, Standing, is_starter};
use crate::sync::{put, starter_of};
use crate::tree::{Side, Tree, files};

/// Back to the starter; what was there is put aside.
pub fn reset(tree: &Tree, chapter: &Chapter) -> Result<u8> {
    if is_starter(tree, chapter)? {
        println!("{} is the starter already.", chapter.id());
        return Ok(0);
    }
    let starter = starter_of(tree, chapter)?.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
    let aside = put_aside(tree, chapter, "")?;
    replace(&tree.chapter(Side::Mine, chapter).join("src"), &starter)?;
    println!("{} is the starter again. Yours is in {};", chapter.id(), tree.short(&aside).display());
    println!("`cargo xtask undo {}` brings it back.", chapter.id());
    Ok(0)
}

/// Takes the last `reset` back; what is there now is put aside in turn.
pub fn undo(tree: &Tree, chapter: &Chapter) -> Result<u8> {
    let source = tree.chapter(Side::Mine, chapter).join("src");
    let Some((_, last)) = backups(tree, chapter, "")?.pop() else {
        return Err(Error::Usage(format!("there is nothing to undo for {}: it was not reset", chapter.id())));
    };
    if !is_starter(tree, chapter)? {
        let aside = put_aside(tree, chapter, UNDONE)?;
        println!("What you wrote since is in {}.", tree.short(&aside).display());
    }
    let texts = files(&last)?.into_iter().map(|file| {
        let path = last.join(&file);
        let text = fs::read(&path).map_err(Error::file("read", &path))?;
        Ok((source.join(file), text))
    });
    replace(&source, &texts.collect::<Result<_>>()?)?;
    fs::remove_dir_all(&last).map_err(Error::file("remove", &last))?;
    println!("{} is again what it was before the last reset.", chapter.id());
    Ok(0)
}

/// Begins at a chapter: checks that the reference of each chapter before it works
/// on this machine, since galley borrows those.
pub fn start(tree: &Tree, chapter: &'static Chapter) -> Result<u8> {
    let mut borrowed = false;
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
        borrowed = true;
    }
    if borrowed {
        println!("\nGalley borrows the reference. A check calls your own code: a few steps need an earlier chapter's,");
        println!("and say for which step they wait.");
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

/// What an `undo` puts aside is called so, with a number.
const UNDONE: &str = "undone-";

/// The backups of one kind, the oldest first: their names end with a number.
fn backups(tree: &Tree, chapter: &Chapter, kind: &str) -> Result<Vec<(usize, PathBuf)>> {
    let directory = backup_directory(tree, chapter);
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::file("read", &directory)(error)),
    };
    let mut numbered: Vec<(usize, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.strip_prefix(kind)?.parse().ok()?, entry.path())))
        .collect();
    numbered.sort();
    Ok(numbered)
}

/// Copies the learner's files to a new backup. It gets its name when it is complete,
/// and the files stay where they are: an interruption costs nothing.
fn put_aside(tree: &Tree, chapter: &Chapter, kind: &str) -> Result<PathBuf> {
    let source = tree.chapter(Side::Mine, chapter).join("src");
    let number = backups(tree, chapter, kind)?.last().map_or(1, |(number, _)| number + 1);
    let directory = backup_directory(tree, chapter);
    let (aside, unfinished) = (directory.join(format!("{kind}{number}")), directory.join("unfinished"));
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(Error::file("remove", &unfinished))?;
    }
    for file in files(&source)? {
        let copy = unfinished.join(&file);
        let parent = copy.parent().unwrap_or(&unfinished);
        fs::create_dir_all(parent).map_err(Error::file("create", parent))?;
        fs::copy(source.join(&file), &copy).map_err(Error::file("copy", &file))?;
    }
    fs::rename(&unfinished, &aside).map_err(Error::file("move", &unfinished))?;
    Ok(aside)
}

/// Makes a directory hold these files and no others. The directory itself stays, so
/// that an editor, a shell or `check --watch` in it goes on.
fn replace(directory: &Path, texts: &BTreeMap<PathBuf, Vec<u8>>) -> Result<()> {
    for (path, text) in texts {
        put(path, text)?;
    }
    for path in files(directory)?.into_iter().map(|file| directory.join(file)) {
        if !texts.contains_key(&path) {
            fs::remove_file(&path).map_err(Error::file("remove", &path))?;
        }
    }
    Ok(())
}
