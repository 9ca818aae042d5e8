//! What the learner sees: a line for each step, and the first fault in full.

use std::path::PathBuf;

use course::Chapter;
use serde_json::{Value, json};

use super::finding::Finding;
use super::{Graded, Outcome, Request, Verdict, colored};
use crate::tree::{Side, Tree};

/// The most lines that a fault may take on the screen.
const FAULT_LINES: usize = 16;

/// How a step stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    ToDo,
    Wrong,
    /// It cannot be judged before another step is written: that step's number.
    Waits(usize),
    /// This machine cannot show what the check asks for: why.
    Unable(String),
    Passed,
}

/// One step with the outcomes of its checks.
pub struct StepReport {
    pub number: usize,
    pub goal: &'static str,
    pub function: &'static str,
    pub status: Status,
    pub outcomes: Vec<Outcome>,
}

impl StepReport {
    pub fn passed(&self) -> bool {
        self.status == Status::Passed
    }

    fn new(chapter: &Chapter, number: usize, outcomes: Vec<Outcome>, unwritten: bool) -> Self {
        let step = &chapter.steps[number - 1];
        let status = if unwritten { Status::ToDo } else { status(chapter, number, &outcomes) };
        Self { number, goal: step.goal, function: step.function, status, outcomes }
    }

    /// The outcome that decided the status.
    pub fn fault(&self) -> Option<&Outcome> {
        self.outcomes.iter().find(|outcome| matches!(outcome.verdict, Verdict::Wrong | Verdict::Limit(_)))
    }
}

/// Groups the outcomes by step; `only` keeps a single one. A step among `unwritten`
/// is to do, whatever its checks ran into first.
pub fn by_step(chapter: &Chapter, only: Option<usize>, outcomes: &[Outcome], unwritten: &[usize]) -> Vec<StepReport> {
    let numbers = (1..=chapter.steps.len()).filter(|number| only.is_none_or(|only| only == *number));
    numbers
        .map(|number| {
            let own = outcomes.iter().filter(|outcome| outcome.step() == number).cloned().collect();
            StepReport::new(chapter, number, own, unwritten.contains(&number))
        })
        .collect()
}

fn status(chapter: &Chapter, number: usize, outcomes: &[Outcome]) -> Status {
    let mine = format!("{} step {number}:", chapter.id());
    let mut worst = Status::Passed;
    // A step without a check would pass whatever is written.
    if outcomes.is_empty() {
        return Status::Unable("no check was found for this step".to_owned());
    }
    for outcome in outcomes {
        let status = match &outcome.verdict {
            Verdict::ToDo(text) if text.starts_with(&mine) => return Status::ToDo,
            Verdict::ToDo(text) => Status::Waits(number_of(text)),
            Verdict::Wrong | Verdict::Limit(_) => Status::Wrong,
            Verdict::Unable(reason) => Status::Unable(reason.clone()),
            Verdict::Passed => Status::Passed,
        };
        if rank(&status) < rank(&worst) {
            worst = status;
        }
    }
    worst
}

fn rank(status: &Status) -> usize {
    match status {
        Status::ToDo => 0,
        // Before Wrong: what looks wrong may only be the other step's absence.
        Status::Waits(_) => 1,
        Status::Wrong => 2,
        Status::Unable(_) => 3,
        Status::Passed => 4,
    }
}

/// The step's number in `ch2 step 3: …`.
fn number_of(text: &str) -> usize {
    text.split_once("step ").and_then(|(_, rest)| rest.split(':').next()?.parse().ok()).unwrap_or(0)
}

pub fn heading(chapter: &Chapter, side: Side) {
    let tree = match side {
        Side::Mine => "your code",
        Side::Reference => "the reference solution",
    };
    println!("{} · {} ({tree})", chapter.id(), chapter.title);
}

pub fn print(tree: &Tree, graded: &Graded, request: &Request) {
    let steps = match &graded.steps {
        Ok(steps) => steps,
        Err(words) => {
            println!("  it does not compile yet; rustc says:\n\n{}", words.trim_end());
            again(graded.chapter, None, request);
            return;
        }
    };
    for step in steps {
        println!("{}", line(step));
    }
    if let Some(step) = steps.iter().find(|step| matches!(step.status, Status::Wrong)) {
        fault(step);
    }
    conclusion(tree, graded, steps, request);
}

fn line(step: &StepReport) -> String {
    let (mark, color, words) = match &step.status {
        Status::Passed => ("ok", "32", format!("passed, {}", plural(step.outcomes.len(), "check"))),
        Status::ToDo => ("--", "33", "to do".to_owned()),
        Status::Waits(other) => ("..", "33", format!("waits for step {other}")),
        Status::Unable(reason) => ("??", "33", format!("cannot be checked here: {reason}")),
        Status::Wrong => ("NO", "31", "not yet right".to_owned()),
    };
    let mark = if colored() { format!("\x1b[{color}m{mark}\x1b[0m") } else { mark.to_owned() };
    format!("  {mark}  step {}  {:<52} {words}", step.number, step.goal)
}

fn fault(step: &StepReport) {
    let Some(outcome) = step.fault() else { return };
    println!("\nStep {}: {}", step.number, step.goal);
    let name = outcome.name.split("::").last().unwrap_or_default().replace('_', " ");
    println!("  the check: {name}");
    let lines = fault_lines(outcome);
    for line in lines.iter().take(FAULT_LINES) {
        println!("  {line}");
    }
    if lines.len() > FAULT_LINES {
        println!("  … and {} more", plural(lines.len() - FAULT_LINES, "line"));
    }
}

/// What a failed check has to say, a limit that was reached first.
pub fn fault_lines(outcome: &Outcome) -> Vec<String> {
    let mut lines = Vec::new();
    if let Verdict::Limit(limit) = &outcome.verdict {
        lines.push(limit_sentence(limit));
    }
    lines.extend(Finding::read(&outcome.output).lines());
    lines
}

fn limit_sentence(limit: &str) -> String {
    let limits = crate::sandbox::Limits::default();
    match limit {
        "time" => format!(
            "it ran longer than the limit of {} s: an endless loop, or a wait for something that never comes",
            limits.time.as_secs()
        ),
        "memory" => format!("it used more than the limit of {} MiB of memory", limits.memory >> 20),
        "processes" => format!("it started more than the limit of {} processes", limits.processes),
        "output" => format!("it printed more than the limit of {} KiB", limits.output >> 10),
        other => format!("the sandbox's limit on {other} ended it"),
    }
}

fn conclusion(tree: &Tree, graded: &Graded, steps: &[StepReport], request: &Request) {
    let chapter = graded.chapter;
    if graded.passed() {
        println!("  {} passed.", chapter.id());
        return;
    }
    let next = steps.iter().find(|step| !step.passed());
    let number = next.map(|step| step.number);
    println!();
    if let Some(step) = next {
        let source = tree.chapter(request.side, chapter).join("src");
        println!("next:  write `{}` in {}", step.function, tree.short(&source).display());
        println!("read:  book/{}, step {}", chapter.page(), step.number);
    }
    again(chapter, number, request);
}

fn again(chapter: &Chapter, step: Option<usize>, request: &Request) {
    let step = step.map_or_else(String::new, |step| format!(" --step {step}"));
    let solution = if request.side == Side::Reference { " --solution" } else { "" };
    println!("again: cargo xtask check {}{step}{solution}", chapter.id());
}

/// Names checks that are not as they were shipped: then "passed" may mean less.
pub fn print_edited(paths: &[PathBuf]) {
    if paths.is_empty() {
        return;
    }
    println!("note:  these checks were edited; `git checkout` brings them back:");
    for path in paths {
        println!("         {}", path.display());
    }
}

/// "1 check", "3 checks".
pub fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The documented object of `check --json`; its shape is in the book.
pub fn json(all: &[Graded], side: Side) -> Value {
    let chapters: Vec<Value> = all
        .iter()
        .map(|graded| {
            json!({
                "id": graded.chapter.id(),
                "title": graded.chapter.title,
                "passed": graded.passed(),
                "compile_error": graded.steps.as_ref().err(),
                "steps": graded.steps.as_ref().map(|steps| steps.iter().map(step_json).collect::<Vec<_>>()).unwrap_or_default(),
            })
        })
        .collect();
    json!({
        "version": 1,
        "tree": if side == Side::Mine { "exercises" } else { "solutions" },
        "passed": all.iter().all(Graded::passed),
        "chapters": chapters,
    })
}

fn step_json(step: &StepReport) -> Value {
    let status = match &step.status {
        Status::ToDo => "to do",
        Status::Wrong => "wrong",
        Status::Waits(_) => "waits",
        Status::Unable(_) => "unable",
        Status::Passed => "passed",
    };
    let checks: Vec<Value> = step
        .outcomes
        .iter()
        .map(|outcome| {
            let passed = outcome.verdict == Verdict::Passed;
            let detail = if passed { Vec::new() } else { Finding::read(&outcome.output).lines() };
            json!({ "name": outcome.name, "passed": passed, "detail": detail })
        })
        .collect();
    json!({ "number": step.number, "function": step.function, "goal": step.goal, "status": status, "checks": checks })
}
