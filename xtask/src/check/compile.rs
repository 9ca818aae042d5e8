//! Builds a chapter's crate, its program, its checks and the probe.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use course::Chapter;

use crate::assembly::{Assembly, lower_chapters};
use crate::cargo::{build, keep, lock_artifacts, missing};
use crate::error::{Error, Result};
use crate::repo::Repo;
use crate::sandbox::SCRATCH;
use crate::{files, tools};

/// The files that grading needs.
pub struct Built {
    /// The chapter's own program, in a place where nothing overwrites it.
    pub program: PathBuf,
    /// The checks, as one test binary.
    pub checks: PathBuf,
    pub probe: PathBuf,
    /// The crate's directory, in which the checks are run.
    pub directory: PathBuf,
    /// The repository's directory.
    pub root: PathBuf,
    /// The directory that the checks' snapshots are found in.
    pub snapshots: PathBuf,
    /// The empty directory on which each check gets a file system.
    pub scratch: PathBuf,
}

/// Compiles one chapter as part of an assembly. The inner error holds rustc's own words.
pub fn chapter(repo: &Repo, chapter: &Chapter, assembly: &Assembly) -> Result<std::result::Result<Built, String>> {
    let tree = assembly.tree(chapter);
    let _lock = lock_artifacts(repo.target())?;
    let kept = repo.target().join("check").join(tree.name());
    for part in lower_chapters(repo, chapter)?.into_iter().chain([chapter]) {
        if assembly.tree(part) == tree {
            touch_changed(&repo.source(tree, part), &kept.join(format!("{}.source", part.name)))?;
        }
    }
    let workspace = assembly.workspace(repo)?;
    let arguments = ["test", "--no-run", "--package", chapter.name, "--test", "checks"];
    let built = match build(repo.target(), &workspace.manifest(), &arguments, true)? {
        Ok(built) => built,
        Err(words) => return Ok(Err(words)),
    };
    let find = |kind: &str| {
        let own = built.iter().find(|one| one.kind == kind && one.package.ends_with(chapter.directory()));
        own.map(|one| one.path.as_path()).ok_or_else(|| missing(&format!("{kind} for {}", chapter.id())))
    };
    let scratch = repo.target().join(SCRATCH);
    files::create_dir(&scratch)?;
    Ok(Ok(Built {
        program: keep(find("bin")?, &kept)?,
        checks: keep(find("test")?, &kept)?,
        probe: tools::probe(repo)?,
        directory: repo.chapter(tree, chapter),
        root: repo.root().to_owned(),
        snapshots: workspace.snapshots,
        scratch,
    }))
}

/// Makes cargo notice a change that the files' times do not show. cargo trusts the times,
/// and a file that came back (`cp --archive`, a moved directory) is old.
///
/// `record` holds the fingerprint of what was compiled last.
fn touch_changed(source: &Path, record: &Path) -> Result<()> {
    let now = files::fingerprint(source)?;
    let last = files::read_if_present(record)?;
    // No record: nothing was compiled yet.
    if !last.is_empty() && last != now {
        for file in files::list(source)? {
            let path = source.join(file);
            let touch = File::open(&path).and_then(|file| file.set_modified(SystemTime::now()));
            touch.map_err(Error::file("touch", &path))?;
        }
    }
    files::write(record, &now)
}
