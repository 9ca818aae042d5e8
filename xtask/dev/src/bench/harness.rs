//! What a learner waits for: a first check on a fresh clone of the last commit, one where
//! nothing changed, and one after an edit.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use xtask::cargo::cargo;
use xtask::error::Result;
use xtask::repo::Repo;

use super::measure::{Timed, in_scratch, judge, time};
use crate::stage::quiet;

/// Measures the harness, each time beside its budget.
pub fn run(repo: &Repo) -> Result<()> {
    in_scratch(repo, |scratch| measure(repo, &scratch.join("clone")))
}

fn measure(repo: &Repo, clone: &Path) -> Result<()> {
    let mut tree = cargo();
    tree.args(["tree", "--package", "xtask", "--prefix", "none", "--edges", "normal,build", "--no-dedupe"]);
    let tree = quiet(tree.current_dir(repo.root()))?;
    let tree = String::from_utf8_lossy(&tree.stdout).into_owned();
    let crates = tree.lines().filter(|line| !line.trim().is_empty()).collect::<BTreeSet<_>>().len();
    let crates = judge("crates of xtask's own", crates as f64, 20.0, "");
    quiet(Command::new("git").args(["clone", "--quiet"]).arg(repo.root()).arg(clone))?;
    // The crates are downloaded first: the network is not what is measured.
    quiet(cargo().args(["fetch", "--quiet"]).current_dir(clone))?;

    let directory = clone.display();
    let check = |script: &str| {
        let script =
            format!("cd {directory} && env -u CARGO_MANIFEST_DIR -u CARGO_TARGET_DIR cargo xtask check {script}");
        Timed::new("sh", &["sh", "-c", &script])
    };
    let edit = |file: &str| format!("echo '// edited' >> {directory}/exercises/{file}");
    // The starters are unwritten, so every check ends with 1.
    let first = time(&[&check("ch1")], 1, false, true)?;
    let mut results = vec![crates, judge("first `check ch1` on a fresh clone", first[0].cpu, 16.0, " CPU-seconds")];
    let edited = edit("ch1-chroot/src/lib.rs");
    let later = edit("ch5-build/src/lib.rs");
    let warm = time(&[&check("ch1"), &check("ch1").after(&edited), &check("ch5").after(&later)], 7, true, true)?;
    for (what, (took, budget)) in ["nothing changed", "after an edit", "after an edit of chapter 5"]
        .into_iter()
        .zip(warm.iter().zip([0.5, 2.0, 5.0]))
    {
        results.push(judge(what, took.wall, budget, " s"));
    }
    results.into_iter().collect()
}
