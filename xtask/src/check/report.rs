//! What the learner sees: a line for each step, and the first fault in full.

use std::path::PathBuf;

use course::Chapter;
use jzon::{JsonValue, object};

use super::finding::Finding;
use super::grade::{Outcome, Verdict};
use super::status::{Graded, StepReport, StepStatus};
use crate::error::Result;
use crate::repo::{Repo, Tree};
use crate::sandbox::Limits;
use crate::{check_integrity, color};

/// How many lines a failure may take on the screen, and how many of those every failure has:
/// headings, an ellipsis, and what to do next.
const SCREEN: usize = 25;
const FRAME: usize = 9;

/// The most lines of one check in the JSON object.
const DETAIL_LINES: usize = 100;

pub fn heading(chapter: &Chapter, tree: Tree) {
    println!("{}", title(chapter, tree));
}

fn title(chapter: &Chapter, tree: Tree) -> String {
    let whose = match tree {
        Tree::Exercises => "your code",
        Tree::Solutions => "the reference solution",
    };
    format!("{} · {} ({whose})", chapter.id(), chapter.title)
}

pub fn print(repo: &Repo, graded: &Graded, tree: Tree, step: Option<usize>) {
    print!("{}", body(repo, graded, tree, step, color::enabled()));
}

/// Everything that [`heading`] and [`print`] show, without colors: for the book.
pub fn transcript(repo: &Repo, graded: &Graded, tree: Tree, step: Option<usize>) -> String {
    format!("{}\n{}", title(graded.chapter, tree), body(repo, graded, tree, step, false))
}

fn body(repo: &Repo, graded: &Graded, tree: Tree, step: Option<usize>, colored: bool) -> String {
    let steps = match &graded.steps {
        Ok(steps) => steps,
        Err(words) => {
            let again = again(graded.chapter, step, tree);
            return format!("  it does not compile yet; rustc says:\n\n{}\n{again}", words.trim_end());
        }
    };
    let mut text: String = steps.iter().map(|step| line(step, colored) + "\n").collect();
    let reasons = reasons(steps);
    text.extend(reasons.iter().map(|reason| format!("  ??: {reason}\n")));
    if let Some(step) = steps.iter().find(|step| matches!(step.status, StepStatus::Wrong)) {
        text.push_str(&fault(step, SCREEN.saturating_sub(FRAME + steps.len() + reasons.len())));
    }
    text + &conclusion(repo, graded, steps, tree, step)
}

/// What this machine lacks, each thing once.
fn reasons(steps: &[StepReport]) -> Vec<&str> {
    let mut reasons: Vec<&str> = Vec::new();
    for step in steps {
        if let StepStatus::Unable(reason) = &step.status
            && !reasons.contains(&reason.as_str())
        {
            reasons.push(reason);
        }
    }
    reasons
}

fn line(step: &StepReport, colored: bool) -> String {
    let (mark, color, words) = match &step.status {
        StepStatus::Passed => ("ok", "32", format!("passed, {}", plural(step.outcomes.len(), "check"))),
        StepStatus::ToDo => ("--", "33", "to do".to_owned()),
        StepStatus::Waits(missing) => ("..", "33", format!("waits for {}", steps_in_words(missing))),
        StepStatus::Unable(_) => ("??", "33", "cannot be checked on this machine".to_owned()),
        StepStatus::Wrong => ("NO", "31", "not yet right".to_owned()),
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

/// What to show of a failed check, beginning with the limit that was reached.
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

fn conclusion(repo: &Repo, graded: &Graded, steps: &[StepReport], tree: Tree, only: Option<usize>) -> String {
    let chapter = graded.chapter;
    if graded.passed() {
        let step = only.map_or_else(String::new, |step| format!(" step {step}"));
        return format!("  {}{step} passed.\n", chapter.id());
    }
    if graded.unable() {
        let doctor = "`cargo xtask doctor` says how to get what this machine lacks";
        return format!("\nWhat could be checked is passed. {doctor}.\n");
    }
    let next = steps.iter().find(|step| !step.passed() && !matches!(step.status, StepStatus::Unable(_)));
    let Some(next) = next else { return format!("\n{}", again(chapter, only, tree)) };
    let (verb, number) = match &next.status {
        StepStatus::Wrong => ("mend", next.number),
        StepStatus::Waits(missing) => ("write", missing.first().copied().unwrap_or(next.number)),
        _ => ("write", next.number),
    };
    let (function, source) = (chapter.steps[number - 1].function, repo.source(tree, chapter));
    format!(
        "\nnext:  {verb} `{function}` in {}\nread:  book/{}, step {number}\n{}",
        repo.short(&source).display(),
        chapter.page(),
        again(chapter, Some(number), tree)
    )
}

fn again(chapter: &Chapter, step: Option<usize>, tree: Tree) -> String {
    let step = step.map_or_else(String::new, |step| format!(" --step {step}"));
    let solution = if tree == Tree::Solutions { " --solution" } else { "" };
    format!("again: cargo xtask check {}{step}{solution}\n", chapter.id())
}

/// "step 2", "steps 2 and 3", "steps 2, 3 and 5".
fn steps_in_words(numbers: &[usize]) -> String {
    let words: Vec<String> = numbers.iter().map(usize::to_string).collect();
    match words.split_last() {
        Some((last, [])) => format!("step {last}"),
        Some((last, others)) => format!("steps {} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// Names checks that were edited, because then "passed" may mean less.
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
pub fn json(repo: &Repo, result: &Result<Vec<Graded>>, tree: Tree) -> Result<JsonValue> {
    let all = result.as_deref().unwrap_or_default();
    let chapters: Result<Vec<JsonValue>> = all.iter().map(|graded| chapter_json(repo, graded)).collect();
    Ok(object! {
        "version": 1,
        "tree": tree.name(),
        "passed": result.is_ok() && all.iter().all(Graded::passed),
        "error": result.as_ref().err().map(ToString::to_string),
        "chapters": chapters?,
    })
}

fn chapter_json(repo: &Repo, graded: &Graded) -> Result<JsonValue> {
    let steps = graded.steps.as_ref().map(|steps| steps.iter().map(step_json).collect::<Vec<_>>());
    let edited = check_integrity::edited(repo, graded.chapter)?;
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
        StepStatus::ToDo => ("to do", None),
        StepStatus::Wrong => ("wrong", None),
        StepStatus::Waits(missing) => {
            let verb = if missing.len() == 1 { "is" } else { "are" };
            ("waits", Some(format!("{} {verb} to do", steps_in_words(missing))))
        }
        StepStatus::Unable(reason) => ("unable", Some(reason.clone())),
        StepStatus::Passed => ("passed", None),
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
