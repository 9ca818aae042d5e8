//! What the learner sees: a line for each step, and the first fault in full.

use std::path::PathBuf;

use course::Chapter;
use jzon::{JsonValue, object};

use super::finding::Finding;
use super::{Graded, Outcome, Request, Verdict, colored};
use crate::error::Result;
use crate::sandbox::Limits;
use crate::shipped;
use crate::tree::{Side, Tree};

/// The most lines that a failure may take on the screen, and those of them that are
/// there for every failure: headings, an ellipsis, and what to do next.
const SCREEN: usize = 25;
const FRAME: usize = 9;

/// The most lines of one check in the JSON object.
const DETAIL_LINES: usize = 100;

/// How a step stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    ToDo,
    Wrong,
    /// It cannot be judged before another step is written: `step 3`, or `ch2 step 3`.
    Waits(String),
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
            Verdict::ToDo(text) => Status::Waits(step_in(text, chapter)),
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

/// The step that a `todo!` belongs to, such as `ch2 step 3`; without the chapter, if it is
/// the one that is graded.
fn step_in(text: &str, chapter: &Chapter) -> String {
    let step = text.split_once(':').map_or(text, |(step, _)| step);
    step.strip_prefix(&format!("{} ", chapter.id())).unwrap_or(step).to_owned()
}

pub fn heading(chapter: &Chapter, side: Side) {
    println!("{}", title(chapter, side));
}

fn title(chapter: &Chapter, side: Side) -> String {
    let tree = match side {
        Side::Mine => "your code",
        Side::Reference => "the reference solution",
    };
    format!("{} · {} ({tree})", chapter.id(), chapter.title)
}

pub fn print(tree: &Tree, graded: &Graded, request: &Request) {
    print!("{}", body(tree, graded, request, colored()));
}

/// Everything that [`heading`] and [`print`] show, without colors: for the book.
pub fn transcript(tree: &Tree, graded: &Graded, request: &Request) -> String {
    format!("{}\n{}", title(graded.chapter, request.side), body(tree, graded, request, false))
}

fn body(tree: &Tree, graded: &Graded, request: &Request, colored: bool) -> String {
    let steps = match &graded.steps {
        Ok(steps) => steps,
        Err(words) => {
            let again = again(graded.chapter, request.step, request);
            return format!("  it does not compile yet; rustc says:\n\n{}\n{again}", words.trim_end());
        }
    };
    let mut text: String = steps.iter().map(|step| line(step, colored) + "\n").collect();
    let reasons = reasons(steps);
    text.extend(reasons.iter().map(|reason| format!("  ??: {reason}\n")));
    if let Some(step) = steps.iter().find(|step| matches!(step.status, Status::Wrong)) {
        text.push_str(&fault(step, SCREEN.saturating_sub(FRAME + steps.len() + reasons.len())));
    }
    text + &conclusion(tree, graded, steps, request)
}

/// What this machine lacks, each thing once.
fn reasons(steps: &[StepReport]) -> Vec<&str> {
    let mut reasons: Vec<&str> = Vec::new();
    for step in steps {
        if let Status::Unable(reason) = &step.status
            && !reasons.contains(&reason.as_str())
        {
            reasons.push(reason);
        }
    }
    reasons
}

fn line(step: &StepReport, colored: bool) -> String {
    let (mark, color, words) = match &step.status {
        Status::Passed => ("ok", "32", format!("passed, {}", plural(step.outcomes.len(), "check"))),
        Status::ToDo => ("--", "33", "to do".to_owned()),
        Status::Waits(other) => ("..", "33", format!("waits for {other}")),
        Status::Unable(_) => ("??", "33", "cannot be checked on this machine".to_owned()),
        Status::Wrong => ("NO", "31", "not yet right".to_owned()),
    };
    let mark = if colored { format!("\x1b[{color}m{mark}\x1b[0m") } else { mark.to_owned() };
    format!("  {mark}  step {}  {:<52} {words}", step.number, step.goal)
}

fn fault(step: &StepReport, room: usize) -> String {
    let Some(outcome) = step.fault() else { return String::new() };
    let name = outcome.name.split("::").last().unwrap_or_default().replace('_', " ");
    let mut text = format!("\nStep {}: {}\n  the check: {name}\n", step.number, step.goal);
    let (all, shown) = (fault_lines(outcome).len(), lines_within(outcome, room));
    text.extend(shown.iter().map(|line| format!("  {line}\n")));
    if all > shown.len() {
        text.push_str(&format!("  … and {}; `--json` shows more\n", plural(all - shown.len(), "line")));
    }
    text
}

/// What a failed check has to say, a limit that was reached first.
pub fn fault_lines(outcome: &Outcome) -> Vec<String> {
    lines_within(outcome, usize::MAX)
}

fn lines_within(outcome: &Outcome, room: usize) -> Vec<String> {
    let mut lines = Vec::new();
    if let Verdict::Limit(limit) = &outcome.verdict {
        lines.push(limit_sentence(limit, &outcome.limits));
    }
    let left = room.saturating_sub(lines.len());
    lines.extend(Finding::read(&outcome.output).lines_within(left));
    lines
}

fn limit_sentence(limit: &str, limits: &Limits) -> String {
    match limit {
        "time" => format!(
            "limit on time: it ran longer than {} s: an endless loop, or a wait for something that never comes",
            limits.time.as_secs()
        ),
        "memory" => format!("limit on memory: it used more than {} MiB", limits.memory >> 20),
        "processes" => format!("limit on processes: it had more than {} at once", limits.processes),
        "output" => format!("limit on output: it printed more than {} KiB", limits.output >> 10),
        other => format!("the sandbox's limit on {other} ended it"),
    }
}

fn conclusion(tree: &Tree, graded: &Graded, steps: &[StepReport], request: &Request) -> String {
    let chapter = graded.chapter;
    if graded.passed() {
        let step = request.step.map_or_else(String::new, |step| format!(" step {step}"));
        return format!("  {}{step} passed.\n", chapter.id());
    }
    if graded.unable() {
        let doctor = "`cargo xtask doctor` says how to get what this machine lacks";
        return format!("\nWhat could be checked is passed. {doctor}.\n");
    }
    let next = steps.iter().find(|step| !step.passed() && !matches!(step.status, Status::Unable(_)));
    let mut text = "\n".to_owned();
    if let Some(step) = next {
        let source = tree.chapter(request.side, chapter).join("src");
        let verb = if step.status == Status::Wrong { "mend" } else { "write" };
        text.push_str(&format!("next:  {verb} `{}` in {}\n", step.function, tree.short(&source).display()));
        text.push_str(&format!("read:  book/{}, step {}\n", chapter.page(), step.number));
    }
    text + &again(chapter, next.map(|step| step.number), request)
}

fn again(chapter: &Chapter, step: Option<usize>, request: &Request) -> String {
    let step = step.map_or_else(String::new, |step| format!(" --step {step}"));
    let solution = if request.side == Side::Reference { " --solution" } else { "" };
    format!("again: cargo xtask check {}{step}{solution}\n", chapter.id())
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
pub fn json(tree: &Tree, result: &Result<Vec<Graded>>, side: Side) -> Result<JsonValue> {
    let all = result.as_deref().unwrap_or_default();
    let chapters: Result<Vec<JsonValue>> = all.iter().map(|graded| chapter_json(tree, graded)).collect();
    Ok(object! {
        "version": 1,
        "tree": if side == Side::Mine { "exercises" } else { "solutions" },
        "passed": result.is_ok() && all.iter().all(Graded::passed),
        "error": result.as_ref().err().map(ToString::to_string),
        "chapters": chapters?,
    })
}

fn chapter_json(tree: &Tree, graded: &Graded) -> Result<JsonValue> {
    let steps = graded.steps.as_ref().map(|steps| steps.iter().map(step_json).collect::<Vec<_>>());
    let edited = shipped::edited(tree, graded.chapter)?;
    Ok(object! {
        "id": graded.chapter.id(),
        "title": graded.chapter.title,
        "passed": graded.passed(),
        "compile_error": graded.steps.as_ref().err().map(|words| without_color(words)),
        "edited_checks": edited.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
        "steps": steps.unwrap_or_default(),
    })
}

fn step_json(step: &StepReport) -> JsonValue {
    let (status, reason) = match &step.status {
        Status::ToDo => ("to do", None),
        Status::Wrong => ("wrong", None),
        Status::Waits(other) => ("waits", Some(format!("{other} is to do"))),
        Status::Unable(reason) => ("unable", Some(reason.clone())),
        Status::Passed => ("passed", None),
    };
    let checks: Vec<JsonValue> = step.outcomes.iter().map(check_json).collect();
    object! {
        "number": step.number,
        "function": step.function,
        "goal": step.goal,
        "status": status,
        "reason": reason,
        "checks": checks,
    }
}

fn check_json(outcome: &Outcome) -> JsonValue {
    let passed = outcome.verdict == Verdict::Passed;
    let limit = if let Verdict::Limit(limit) = &outcome.verdict { Some(limit.as_str()) } else { None };
    let detail = if passed { Vec::new() } else { lines_within(outcome, DETAIL_LINES) };
    object! { "name": outcome.name.as_str(), "passed": passed, "limit": limit, "detail": detail }
}

/// rustc's words without the sequences that color them on a terminal.
fn without_color(words: &str) -> String {
    let mut parts = words.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    // Each sequence ends with its first letter (console_codes(4)).
    let rest = parts.map(|part| part.split_once(char::is_alphabetic).map_or("", |(_, rest)| rest));
    first + &rest.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_taken_out() {
        assert_eq!(without_color("\x1b[1m\x1b[91merror\x1b[0m: mismatched"), "error: mismatched");
    }
}
