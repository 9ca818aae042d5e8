//! The chapters as they are in the repository: starters and references.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use course::CHAPTERS;
use pages::Shown;

use crate::record::reports;
use crate::stage::Stage;
use crate::stage::quiet;
use xtask::check::grade::{Options, Verdict};
use xtask::check::judge::{details, judge};
use xtask::check::status::{Graded, StepStatus};
use xtask::error::{Error, Result};
use xtask::files;
use xtask::repo::{HARNESS, Repo, Tree, program_path};

/// The user and group "nobody" of every distribution.
pub const NOBODY: u32 = 65534;

/// Every step of the starters is reported as "to do": none may pass or be wrong.
pub fn starters(repo: &Repo) -> Result<Stage> {
    let mut steps = 0;
    for chapter in CHAPTERS {
        let graded = judge(repo, chapter, Tree::Exercises, &Options::default())?;
        for step in graded.steps.as_ref().map_err(|words| Error::Failed(words.clone()))? {
            if step.status != StepStatus::ToDo {
                let detail = details(&graded);
                return Err(Error::Failed(format!(
                    "{} step {} says {:?}\n{detail}",
                    chapter.id(),
                    step.number,
                    step.status
                )));
            }
            steps += 1;
        }
    }
    Ok(Stage::Passed(format!("{steps} steps")))
}

/// A script that replaces the program and prints everything that the snapshots hold passes no
/// step, because the checks look at the kernel.
pub fn words_alone(repo: &Repo) -> Result<Stage> {
    let directory = repo.target().join("tmp/words");
    files::create_dir(&directory)?;
    let mut steps = 0;
    for chapter in CHAPTERS {
        let program = Some(talker(&directory, &repo.chapter(Tree::Exercises, chapter).join("tests/checks/snapshots"))?);
        for step in 1..=chapter.steps.len() {
            let trial =
                Options { step: Some(step), to_first_fault: true, program: program.clone(), ..Options::default() };
            let graded = judge(repo, chapter, Tree::Exercises, &trial)?;
            let reports = graded.steps.as_ref().map_err(|words| Error::Failed(words.clone()))?;
            let mut verdicts = reports.iter().flat_map(|report| &report.outcomes).map(|outcome| &outcome.verdict);
            if verdicts.all(|verdict| *verdict == Verdict::Passed) {
                return Err(Error::Failed(format!("{} step {step} is passed by a script that prints", chapter.id())));
            }
            steps += 1;
        }
    }
    files::remove(&directory)?;
    Ok(Stage::Passed(format!("{steps} steps want more than a script that prints")))
}

/// Writes that script: each line of each snapshot, in the probe's form.
fn talker(directory: &Path, snapshots: &Path) -> Result<PathBuf> {
    let program = directory.join("talker");
    let script = format!(
        "#!/bin/sh\nfor file in '{}'/*.snap; do sed -e '1,/^---$/{{/^---$/!d}}' -e 's/: / /' \"$file\"; done\n",
        snapshots.display()
    );
    files::write(&program, script)?;
    fs::set_permissions(&program, Permissions::from_mode(0o755)).map_err(Error::file("change", &program))?;
    Ok(program)
}

pub fn references(repo: &Repo) -> Result<Stage> {
    all_pass(repo, None)
}

/// The same, started by a user with no rights at all. Only root can do that.
pub fn references_as_user(repo: &Repo) -> Result<Stage> {
    if !nix::unistd::geteuid().is_root() {
        return Ok(Stage::Skipped("these tests are run by an ordinary user already".to_owned()));
    }
    all_pass(repo, Some(NOBODY))
}

/// Does what systemd does for `-p Delegate=yes`: gives a group that holds this shell to the
/// user nobody, and then runs the checks.
const DELEGATED: &str = r#"
    set -e
    "$0" xtask check ch3 --solution
    cd /sys/fs/cgroup
    mkdir delegated
    chown 65534 delegated delegated/cgroup.procs delegated/cgroup.subtree_control
    echo $$ > delegated/cgroup.procs
    cd -
    exec "$0" xtask check ch3 --solution --user 65534"#;

/// Chapter 3 in the virtual machine, which has version 2 only, while this one may have version 1.
pub fn unified(repo: &Repo) -> Result<Stage> {
    let mut command = Command::new(HARNESS);
    command.args(["vm", "--", "sh", "-c", DELEGATED]).arg(program_path()?);
    let output = command.current_dir(repo.root()).output();
    let output = output.map_err(Error::file("run", Path::new(HARNESS)))?;
    let words = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).trim().to_owned();
    match output.status.code() {
        Some(0) => Ok(Stage::Passed("every step, as root and as a user with a group of their own".to_owned())),
        Some(3) => Ok(Stage::Skipped(words.lines().last().unwrap_or_default().to_owned())),
        _ => Err(Error::Failed(words)),
    }
}

fn all_pass(repo: &Repo, user: Option<u32>) -> Result<Stage> {
    let (mut checks, mut unable) = (0, BTreeMap::<String, Vec<String>>::new());
    for chapter in CHAPTERS {
        let graded = judge(repo, chapter, Tree::Solutions, &Options { user, ..Options::default() })?;
        for step in graded.steps.as_ref().map_err(|words| Error::Failed(words.clone()))? {
            match &step.status {
                StepStatus::Passed => checks += step.outcomes.len(),
                StepStatus::Unable(reason) => {
                    unable.entry(reason.clone()).or_default().push(format!("{} step {}", chapter.id(), step.number));
                }
                _ => return Err(failed(&graded)),
            }
        }
        if user.is_none() && graded.passed() {
            shown_as_it_is(repo, &graded)?;
        }
    }
    let unable: Vec<String> = unable.iter().map(|(reason, steps)| format!("{}: {reason}", steps.join(", "))).collect();
    let words = format!("{checks} checks");
    if unable.is_empty() {
        return Ok(Stage::Passed(words));
    }
    match (user, nix::unistd::geteuid().is_root()) {
        // With root, everything must be seen.
        (None, true) => Err(Error::Failed(unable.join("\n"))),
        (None, false) => Ok(Stage::Partly(words, unable)),
        // Chapter 3 is checked again with delegated groups, here or in the stage below.
        (Some(_), _) if Path::new(HIERARCHIES).join("memory").is_dir() => {
            with_groups_given(repo)?;
            Ok(Stage::Passed(format!("{words}, and chapter 3 again with control groups given to the user")))
        }
        (Some(_), _) => Ok(Stage::Passed(format!("{words}; not possible without root: {}", unable.join("; ")))),
    }
}

/// Where the hierarchies of version 1 are mounted.
const HIERARCHIES: &str = "/sys/fs/cgroup";

/// The group that is delegated in each; `clean` recognizes the prefix.
const GIVEN: &str = "galley-check-given";

/// Does what an administrator can do on version 1: gives groups that hold this shell to the
/// user nobody, and then runs the checks.
const GIVE: &str = r#"
    set -e
    for controller in cpu memory pids; do
        group=$1/$controller/$2
        mkdir -p $group
        chown 65534 $group $group/cgroup.procs $group/tasks
        echo $$ > $group/cgroup.procs
    done
    code=0
    "$0" xtask check ch3 --solution --user 65534 || code=$?
    # 3: what only version 2 can show is shown to a user by the stage with the machine.
    test $code = 0 -o $code = 3"#;

fn with_groups_given(repo: &Repo) -> Result<()> {
    let mut shell = Command::new("sh");
    let checked =
        quiet(shell.args(["-c", GIVE]).arg(program_path()?).args([HIERARCHIES, GIVEN]).current_dir(repo.root()));
    let removed = ["cpu", "memory", "pids"].iter().try_for_each(|controller| {
        let group = Path::new(HIERARCHIES).join(controller).join(GIVEN);
        fs::remove_dir(&group).map_err(Error::file("remove", &group))
    });
    checked.and(removed)
}

/// Compares the report with the page, if that shows the whole chapter passed.
fn shown_as_it_is(repo: &Repo, graded: &Graded) -> Result<()> {
    let transcript = reports::transcript(repo, graded, None);
    match reports::differences(repo, graded.chapter, &Shown::Solution, &transcript)? {
        Some(differences) => Err(Error::Failed(differences)),
        None => Ok(()),
    }
}

fn failed(graded: &Graded) -> Error {
    Error::Failed(format!("{} of the reference does not pass\n{}", graded.chapter.id(), details(graded)))
}
