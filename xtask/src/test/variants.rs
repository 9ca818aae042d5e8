//! Stored solutions that differ from the reference: wrong ones, which must be
//! rejected at their step with the cause named, and right ones written by other
//! means, which must pass.
//!
//! Each is a patch in `solutions/chN-name/wrong/` or `…/other/`. A wrong one is
//! called `stepN-fault.patch` and begins with the line `expect: ` and words that
//! the report must contain. A line `root: ` after that says why only root's checks
//! can tell it from a right one.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use course::{CHAPTERS, Chapter};
use nix::fcntl::Flock;
use pages::Shown;

use super::Stage;
use super::tools::quiet;
use crate::check::compile::lock;
use crate::check::{self, Graded, Status, Trial};
use crate::error::{Error, Result};
use crate::record::reports;
use crate::sync::put;
use crate::tree::{GIVEN, Side, Tree, files};

/// One stored solution.
struct Variant {
    chapter: &'static Chapter,
    patch: PathBuf,
    wrong: bool,
}

impl Variant {
    /// The step that a wrong one fails at, from its name.
    fn step(&self) -> Option<usize> {
        if self.wrong { step_of(self.patch.file_stem()?.to_str()?) } else { None }
    }
}

/// How many wrong solutions a step's checks must have been tried with.
const WRONG_FOR_EACH_STEP: usize = 3;

/// What one variant, or all of them, came to.
#[derive(Default)]
struct Findings {
    /// Each with the variant's path.
    faults: Vec<String>,
    /// Why some could not be judged on this machine.
    unable: BTreeMap<String, usize>,
}

impl Findings {
    fn add(&mut self, other: Self) {
        self.faults.extend(other.faults);
        other.unable.into_iter().for_each(|(reason, count)| *self.unable.entry(reason).or_default() += count);
    }
}

/// Judges every variant.
pub fn judged(tree: &Tree) -> Result<Stage> {
    let variants = variants(tree)?;
    enough(&variants)?;
    judge_all(tree, &variants)
}

/// Judges those of one chapter, or of one of its steps, and says what came out.
pub fn run(tree: &Tree, chapter: &Chapter, step: Option<usize>) -> Result<u8> {
    let mut variants = variants(tree)?;
    variants.retain(|variant| variant.chapter.number == chapter.number && (step.is_none() || variant.step() == step));
    match judge_all(tree, &variants)? {
        Stage::Passed(words) | Stage::Skipped(words) => println!("{words}"),
        Stage::Partly(words, reasons) => println!("{words}\n{}", reasons.join("\n")),
    }
    Ok(0)
}

/// There are two desks for each processor: only one variant compiles at a time, and
/// the checks of the others, which often wait, run meanwhile.
fn judge_all(tree: &Tree, variants: &[Variant]) -> Result<Stage> {
    let next = AtomicUsize::new(0);
    let desks = 2 * thread::available_parallelism().map_or(1, usize::from);
    let work = |desk: usize| -> Result<Findings> {
        let mut findings = Findings::default();
        while let Some(variant) = variants.get(next.fetch_add(1, Ordering::Relaxed)) {
            match judge(tree, variant, desk)? {
                Judgement::AsItShould => {}
                Judgement::Unable(reason) => *findings.unable.entry(reason).or_default() += 1,
                Judgement::Fault(fault) => {
                    findings.faults.push(format!("  {}: {fault}", tree.short(&variant.patch).display()));
                }
            }
        }
        Ok(findings)
    };
    let results: Vec<_> = thread::scope(|scope| {
        let started: Vec<_> = (0..desks).map(|desk| scope.spawn(move || work(desk))).collect();
        started.into_iter().map(|desk| desk.join()).collect()
    });
    let mut findings = Findings::default();
    for result in results {
        findings.add(result.map_err(|_| Error::Failed("a desk ended in a panic".to_owned()))??);
    }
    if !findings.faults.is_empty() {
        return Err(Error::Failed(findings.faults.join("\n")));
    }
    let wrong = variants.iter().filter(|variant| variant.wrong).count();
    let words = format!("{wrong} wrong ones, {} by other means", variants.len() - wrong);
    let unable: Vec<String> =
        findings.unable.iter().map(|(reason, count)| format!("{count} of those: {reason}")).collect();
    Ok(Stage::of((words, unable)))
}

fn variants(tree: &Tree) -> Result<Vec<Variant>> {
    let mut found = Vec::new();
    for chapter in CHAPTERS {
        for (kind, wrong) in [("wrong", true), ("other", false)] {
            let patches = patches(&tree.chapter(Side::Reference, chapter).join(kind))?;
            found.extend(patches.into_iter().map(|patch| Variant { chapter, patch, wrong }));
        }
    }
    Ok(found)
}

/// Fails where a step or a chapter has fewer than the course promises.
fn enough(variants: &[Variant]) -> Result<()> {
    let mut lacks = Vec::new();
    for chapter in CHAPTERS {
        let of = |wrong| {
            variants.iter().filter(move |variant| variant.chapter.number == chapter.number && variant.wrong == wrong)
        };
        for step in 1..=chapter.steps.len() {
            let stored = of(true).filter(|variant| variant.step() == Some(step)).count();
            if stored < WRONG_FOR_EACH_STEP {
                lacks.push(format!(
                    "{} step {step} has {stored} wrong solutions, not {WRONG_FOR_EACH_STEP}",
                    chapter.id()
                ));
            }
        }
        if of(false).next().is_none() {
            lacks.push(format!("{} has no solution by other means", chapter.id()));
        }
    }
    if lacks.is_empty() { Ok(()) } else { Err(Error::Failed(lacks.join("\n"))) }
}

fn patches(directory: &Path) -> Result<Vec<PathBuf>> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    Ok(files(directory)?.into_iter().map(|file| directory.join(file)).collect())
}

enum Judgement {
    /// Rejected with the cause named, or accepted.
    AsItShould,
    /// The machine cannot tell, for this reason.
    Unable(String),
    Fault(String),
}

fn judge(tree: &Tree, variant: &Variant, desk: usize) -> Result<Judgement> {
    let Variant { chapter, patch, wrong } = variant;
    let copy = Copy::make(tree, chapter, patch, desk)?;
    let step = variant.step();
    let trial = Trial { step, to_first_fault: *wrong, ..Trial::default() };
    let graded = check::judge(&copy.tree, chapter, Side::Reference, &trial)?;
    let steps = match &graded.steps {
        Ok(steps) => steps,
        Err(words) => return Ok(Judgement::Fault(format!("does not compile\n{words}"))),
    };
    // A step of which nothing could be seen says nothing about its solution.
    let root = nix::unistd::geteuid().is_root();
    let unable = steps.iter().find_map(|step| match &step.status {
        // With root, everything must be seen.
        Status::Unable(reason) if root => Some(Judgement::Fault(format!("cannot be judged: {reason}"))),
        Status::Unable(reason) => Some(Judgement::Unable(reason.clone())),
        _ => None,
    });
    if !*wrong {
        let accepted = steps.iter().all(|step| matches!(step.status, Status::Passed | Status::Unable(_)));
        let refused = || Judgement::Fault(format!("is not accepted\n{}", check::details(&graded)));
        return Ok(if accepted { unable.unwrap_or(Judgement::AsItShould) } else { refused() });
    }
    if let Some(unable) = unable {
        return Ok(unable);
    }
    if let (false, Some(reason)) = (root, header(patch, "root: ")?) {
        return Ok(Judgement::Unable(reason));
    }
    // What the learner sees: of the checks of a step, the first that fails.
    let shown = reports::transcript(&copy.tree, &graded, step);
    if let Some(fault) = unnamed(&graded, step, patch, &shown)? {
        return Ok(Judgement::Fault(fault));
    }
    let name = patch.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let differences = reports::differences(tree, chapter, &Shown::Wrong(name), &shown)?;
    Ok(differences.map_or(Judgement::AsItShould, Judgement::Fault))
}

/// What keeps a verdict from rejecting a wrong solution at its step, with the cause
/// that the patch names in the report that is `shown`; `None` if nothing does.
fn unnamed(graded: &Graded, step: Option<usize>, patch: &Path, shown: &str) -> Result<Option<String>> {
    let Some(step) = step else { return Ok(Some("its name must begin with stepN-".to_owned())) };
    let report = graded.steps.iter().flatten().find(|report| report.number == step);
    let Some(report) = report else {
        return Ok(Some(format!("there is no step {step}")));
    };
    if report.status != Status::Wrong {
        return Ok(Some(format!("is not rejected at step {step}: {:?}", report.status)));
    }
    let expected = header(patch, "expect: ")?.unwrap_or_default();
    let named = !expected.is_empty() && shown.contains(&expected);
    Ok((!named).then(|| format!("the report does not say '{expected}':\n{shown}")))
}

/// What a patch says of itself, above the changes: the rest of the line that begins
/// with `key`.
fn header(patch: &Path, key: &str) -> Result<Option<String>> {
    let text = fs::read_to_string(patch).map_err(Error::file("read", patch))?;
    let mut lines = text.lines().take_while(|line| !line.starts_with("--- "));
    Ok(lines.find_map(|line| line.strip_prefix(key)).map(str::to_owned))
}

/// The report of the stored wrong solution of that name, for the book.
pub fn transcript(tree: &Tree, chapter: &'static Chapter, name: &str, desk: usize) -> Result<String> {
    let patch = tree.chapter(Side::Reference, chapter).join("wrong").join(format!("{name}.patch"));
    let step = step_of(name);
    let copy = Copy::make(tree, chapter, &patch, desk)?;
    let graded = check::judge(&copy.tree, chapter, Side::Reference, &Trial { step, ..Trial::default() })?;
    Ok(reports::transcript(&copy.tree, &graded, step))
}

/// The step that a wrong solution's name begins with.
fn step_of(name: &str) -> Option<usize> {
    name.strip_prefix("step")?.split('-').next()?.parse().ok()
}

/// A copy of the repository's outline, with one chapter patched. It lives below
/// `target/` and shares its compiled crates. Whoever else wants the same desk, such as
/// a demo that shows a report, waits until this is dropped.
struct Copy {
    tree: Tree,
    _alone: Flock<File>,
}

impl Copy {
    fn make(tree: &Tree, chapter: &Chapter, patch: &Path, desk: usize) -> Result<Self> {
        let root = tree.target().join("variant").join(desk.to_string());
        let solutions = root.join("solutions");
        let alone = lock(&root.with_extension("lock"))?;
        fs::create_dir_all(&solutions).map_err(Error::file("create", &solutions))?;
        // The links lead to the real trees; only the patched chapter is a copy.
        for name in ["exercises", "xtask", "Cargo.toml", "Cargo.lock"] {
            link(&tree.root().join(name), &root.join(name))?;
        }
        share_compiled(tree, &root)?;
        for given in GIVEN {
            link(&tree.side(Side::Mine).join(given), &solutions.join(given))?;
        }
        link(&tree.side(Side::Reference).join("quotes"), &solutions.join("quotes"))?;
        put(&solutions.join("Cargo.toml"), tree.reference_workspace()?)?;
        // A copy: cargo writes the patched chapter's version into it.
        copy_file(&tree.side(Side::Reference).join("Cargo.lock"), &solutions.join("Cargo.lock"))?;
        for other in CHAPTERS {
            let path = solutions.join(other.directory());
            remove(&path)?;
            if other.number != chapter.number {
                link(&tree.chapter(Side::Reference, other), &path)?;
            }
        }
        let patched = solutions.join(chapter.directory());
        fs::create_dir(&patched).map_err(Error::file("create", &patched))?;
        link(&tree.chapter(Side::Mine, chapter).join("tests"), &patched.join("tests"))?;
        write_manifest(tree, chapter, desk, &patched)?;
        copy(&tree.chapter(Side::Reference, chapter).join("src"), &patched.join("src"))?;
        quiet(Command::new("patch").args(["--quiet", "-p1", "--directory"]).arg(&patched).arg("--input").arg(patch))?;
        Ok(Self { tree: Tree::at(&root), _alone: alone })
    }
}

/// Gives a copy of the repository what is compiled already, and a place of its own
/// for everything else below `target/`.
pub fn share_compiled(tree: &Tree, copy: &Path) -> Result<()> {
    let target = copy.join("target");
    fs::create_dir_all(&target).map_err(Error::file("create", &target))?;
    link(&tree.target().join("debug"), &target.join("debug"))
}

/// The chapter's manifest under a version for each desk: by that alone cargo tells
/// a patched chapter from the real one, and from other copies. All else keeps its
/// version, and so what the reference compiled of it.
fn write_manifest(tree: &Tree, chapter: &Chapter, desk: usize, patched: &Path) -> Result<()> {
    let manifest = tree.chapter(Side::Mine, chapter).join("Cargo.toml");
    let text = fs::read_to_string(&manifest).map_err(Error::file("read", &manifest))?;
    let version = format!("\nversion = \"3.0.{desk}\"");
    put(&patched.join("Cargo.toml"), text.replacen("\nversion.workspace = true", &version, 1))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for file in files(from)? {
        let destination = to.join(&file);
        let parent = destination.parent().unwrap_or(to);
        fs::create_dir_all(parent).map_err(Error::file("create", parent))?;
        copy_file(&from.join(&file), &destination)?;
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).map_err(Error::file("copy", from)).map(drop)
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
