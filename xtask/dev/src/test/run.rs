//! The stages, and what became of each.
//!
//! Two run at a time, and between them keep two processors busy. A stage is skipped
//! only where the machine lacks what it needs; then the reason is printed, and the
//! skipped ones are counted.

use std::io::{IsTerminal, stdout};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use xtask::error::{Error, Result};
use xtask::packages;
use xtask::repo::Repo;

use super::leak_check::Host;
use super::{chapters, demo, docker_registry, end_to_end, teardown, tools, upstream_dockerfile};
use crate::record;
use crate::stage::Stage;
use crate::{measure, mutants, needs, setup};

type Run = fn(&Repo) -> Result<Stage>;
type Named = (&'static str, Run);

/// The stages that grade, quick ones first, so that a slip is reported early.
const STAGES: &[Named] = &[
    ("the sources are formatted", tools::formatted),
    ("what is derived is up to date", tools::derived),
    ("every crate is within its size", measure::sizes),
    ("both trees build without a warning", tools::lint),
    ("the harness's own tests", tools::unit_tests),
    ("every starter step says \"to do\"", chapters::starters),
    ("words alone pass no step", chapters::words_alone),
    ("every reference passes its checks", chapters::references),
    ("…as an ordinary user, too", chapters::references_as_user),
    ("chapter 3 with unified control groups, in a virtual machine", chapters::unified),
    ("a step without the others waits for them", needs::alone),
    ("wrong solutions are rejected, others accepted", mutants::judged),
];

/// Stages that run at the same time as those, one after another because they share port
/// 4567. Much of their time is spent waiting for a browser, a terminal or a server.
const BESIDE: &[Named] = &[
    ("the book builds, and its links hold", tools::book),
    ("every page in a browser, light and dark", tools::browser),
    ("every terminal block says what it said", tools::terminals),
    ("…and on other days of the year", record::check_dates),
    ("the workshop, from build to pull", end_to_end::demo),
    ("the original's Dockerfile, word for word", upstream_dockerfile::dockerfile),
    ("the workshop, to a real registry", docker_registry::pushed),
    ("one may begin at any chapter", end_to_end::any_chapter_first),
    ("galley is assembled from what is passed", end_to_end::assembled),
    ("galley does what its flags say", tools::command_line),
    ("other tools read what galley writes", tools::peers),
    ("chapters and support crates pass their own tests", tools::given),
];

/// Stages that run alone: the first waits for each answer no longer than a class would, and
/// the other cleans the machine and compares what is on it.
const ALONE: &[Named] = &[
    ("every chapter's live demo, in a terminal", demo::played),
    ("a demo that is left leaves nothing behind", teardown::anywhere),
];

/// Runs every stage, goes on after a failure, and fails in the end. With `only`,
/// the stages whose name has that in it.
pub fn run(repo: &Repo, yes: bool, only: Option<&str>) -> Result<u8> {
    setup::run(packages::TEST, yes)?;
    let start = Instant::now();
    let before = Host::look(repo)?;
    let tally = Tally::default();
    let lane = |stages: &[Named]| {
        let wanted = stages.iter().filter(|(name, _)| only.is_none_or(|only| name.contains(only)));
        wanted.for_each(|(name, stage)| tally.count(name, || stage(repo)));
    };
    thread::scope(|scope| {
        scope.spawn(|| lane(BESIDE));
        lane(STAGES);
    });
    lane(ALONE);
    tally.count("this machine is as it was before", || match before.differences(&Host::look(repo)?) {
        differences if differences.is_empty() => {
            Ok(Stage::Passed("mounts, control groups, processes and temporary files".to_owned()))
        }
        differences => Err(Error::Failed(differences.join("\n"))),
    });
    println!("\nThat took {} s.", start.elapsed().as_secs());
    tally.finish()
}

/// What became of the stages so far.
#[derive(Default)]
struct Tally(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Tally {
    /// Runs a stage and tells how it ended, in one piece: another may end meanwhile.
    fn count(&self, name: &str, stage: impl FnOnce() -> Result<Stage>) {
        if stdout().is_terminal() {
            println!("begun    {name}");
        }
        let begun = Instant::now();
        let result = stage();
        let seconds = begun.elapsed().as_secs_f32();
        // Counting does not panic, so the counts are whole even if another thread panicked.
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok(Stage::Passed(words)) => {
                counts.passed += 1;
                println!("ok       {name} ({seconds:.1} s): {words}");
            }
            Ok(Stage::Partly(words, reasons)) => {
                counts.passed += 1;
                counts.skipped += reasons.len();
                println!("ok       {name} ({seconds:.1} s): {words}");
                reasons.iter().for_each(|reason| println!("skipped  a part of it: {reason}"));
            }
            Ok(Stage::Skipped(reason)) => {
                counts.skipped += 1;
                println!("skipped  {name}: {reason}");
            }
            Err(error) => {
                counts.failed += 1;
                println!("FAILED   {name} ({seconds:.1} s)\n{error}");
            }
        }
    }

    fn finish(self) -> Result<u8> {
        let Counts { passed, failed, skipped } = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        println!("{passed} passed, {failed} failed, {skipped} skipped");
        Ok(u8::from(failed > 0))
    }
}
