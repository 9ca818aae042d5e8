//! Stored solutions that differ from the reference: wrong ones, which must be
//! rejected at their step with the cause named, and right ones written by other
//! means, which must pass.
//!
//! Each is a patch in `solutions/chN-name/wrong/` or `…/other/`. A wrong one is
//! called `stepN-fault.patch` and begins with the line `expect: ` and words that
//! the report must contain.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use course::{CHAPTERS, Chapter};

use super::Stage;
use super::tools::quiet;
use crate::check::{self, Status, Trial};
use crate::error::{Error, Result};
use crate::sync::put;
use crate::tree::{Side, Tree, files};

pub fn judged(tree: &Tree) -> Result<Stage> {
    let (mut wrong, mut other, mut faults) = (0, 0, Vec::new());
    for chapter in CHAPTERS {
        for kind in ["wrong", "other"] {
            for patch in patches(&tree.chapter(Side::Reference, chapter).join(kind))? {
                let fault = judge(tree, chapter, &patch, kind == "wrong")?;
                faults.extend(fault.map(|fault| format!("  {}: {fault}", tree.short(&patch).display())));
                if kind == "wrong" { wrong += 1 } else { other += 1 }
            }
        }
    }
    if faults.is_empty() {
        Ok(Stage::Passed(format!("{wrong} wrong ones, {other} by other means")))
    } else {
        Err(Error::Failed(faults.join("\n")))
    }
}

fn patches(directory: &Path) -> Result<Vec<PathBuf>> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    Ok(files(directory)?.into_iter().map(|file| directory.join(file)).collect())
}

/// What is amiss with the verdict on one patch; `None` if it is as it should be.
fn judge(tree: &Tree, chapter: &'static Chapter, patch: &Path, wrong: bool) -> Result<Option<String>> {
    let copy = Copy::make(tree, chapter, patch)?;
    let name = patch.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let step = name.strip_prefix("step").and_then(|rest| rest.split('-').next()?.parse().ok());
    let step = if wrong { step } else { None };
    let graded = check::judge(&copy.tree, chapter, Side::Reference, &Trial { step, ..Trial::default() })?;
    let steps = match &graded.steps {
        Ok(steps) => steps,
        Err(words) => return Ok(Some(format!("does not compile\n{words}"))),
    };
    if !wrong {
        return Ok((!graded.passed()).then(|| format!("is not accepted\n{}", check::details(&graded))));
    }
    let Some(step) = step else { return Ok(Some("its name must begin with stepN-".to_owned())) };
    let Some(report) = steps.iter().find(|report| report.number == step) else {
        return Ok(Some(format!("there is no step {step}")));
    };
    if report.status != Status::Wrong {
        return Ok(Some(format!("is not rejected at step {step}: {:?}", report.status)));
    }
    let text = fs::read_to_string(patch).map_err(Error::file("read", patch))?;
    let expected = text.lines().next().and_then(|line| line.strip_prefix("expect: ")).unwrap_or_default();
    let shown = check::details(&graded);
    Ok((expected.is_empty() || !shown.contains(expected))
        .then(|| format!("the report does not say '{expected}':\n{shown}")))
}

/// A copy of the repository's outline, with one chapter patched. It lives below
/// `target/` and shares its compiled crates.
struct Copy {
    tree: Tree,
}

impl Copy {
    fn make(tree: &Tree, chapter: &Chapter, patch: &Path) -> Result<Self> {
        let root = tree.target().join("variant");
        let solutions = root.join("solutions");
        fs::create_dir_all(&solutions).map_err(Error::file("create", &solutions))?;
        // The links lead to the real trees; only the patched chapter is a copy.
        for name in ["exercises", "xtask", "Cargo.toml", "Cargo.lock"] {
            link(&tree.root().join(name), &root.join(name))?;
        }
        share_compiled(tree, &root)?;
        link(&tree.side(Side::Mine).join("galley"), &solutions.join("galley"))?;
        write_workspace(tree, chapter, &solutions)?;
        for other in CHAPTERS {
            let path = solutions.join(other.directory());
            remove(&path)?;
            if other.number != chapter.number {
                link(&tree.chapter(Side::Reference, other), &path)?;
            }
        }
        let patched = solutions.join(chapter.directory());
        fs::create_dir(&patched).map_err(Error::file("create", &patched))?;
        for name in ["Cargo.toml", "tests"] {
            link(&tree.chapter(Side::Mine, chapter).join(name), &patched.join(name))?;
        }
        copy(&tree.chapter(Side::Reference, chapter).join("src"), &patched.join("src"))?;
        quiet(Command::new("patch").args(["--quiet", "-p1", "--directory"]).arg(&patched).arg("--input").arg(patch))?;
        Ok(Self { tree: Tree::at(&root) })
    }
}

/// Gives a copy of the repository what is compiled already, and a place of its own
/// for everything else below `target/`.
pub fn share_compiled(tree: &Tree, copy: &Path) -> Result<()> {
    let target = copy.join("target");
    fs::create_dir_all(&target).map_err(Error::file("create", &target))?;
    link(&tree.target().join("debug"), &target.join("debug"))
}

/// The reference's workspace under a version for each chapter: by that alone cargo
/// tells a patched chapter from the real one, and the next chapter's copy from it.
fn write_workspace(tree: &Tree, chapter: &Chapter, solutions: &Path) -> Result<()> {
    let manifest = tree.manifest(Side::Reference);
    let text = fs::read_to_string(&manifest).map_err(Error::file("read", &manifest))?;
    let version = format!("version = \"3.{}.0\"", chapter.number);
    put(&solutions.join("Cargo.toml"), text.replace("version = \"1.0.0\"", &version))?;
    let lock = tree.root().join("solutions/Cargo.lock");
    fs::copy(&lock, solutions.join("Cargo.lock")).map_err(Error::file("copy", &lock)).map(drop)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for file in files(from)? {
        let destination = to.join(&file);
        let parent = destination.parent().unwrap_or(to);
        fs::create_dir_all(parent).map_err(Error::file("create", parent))?;
        fs::copy(from.join(&file), &destination).map_err(Error::file("copy", &file))?;
    }
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    let result = match fs::symlink_metadata(path) {
        Ok(data) if data.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    };
    result.map_err(Error::file("remove", path))
}

fn link(destination: &Path, path: &Path) -> Result<()> {
    remove(path)?;
    symlink(destination, path).map_err(Error::file("link", path))
}
