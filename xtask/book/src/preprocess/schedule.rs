//! `{{#schedule half-day}}`: a plan of the course table as a table with the time
//! of day, from the minutes of the instructor's notes.

use std::fmt::Write;

use course::{Item, PLANS, Plan, Session};

use crate::contents::Contents;
use crate::failure::{Failure, Result};

/// The plan that a line asks for.
pub fn name(line: &str) -> Option<&str> {
    line.strip_prefix("{{#schedule ")?.strip_suffix("}}").map(str::trim)
}

/// The plan as Markdown.
pub fn table(contents: &Contents, name: &str) -> Result<String> {
    let plan = PLANS.iter().find(|plan| plan.name == name);
    let plan = plan.ok_or_else(|| Failure::new(format!("no plan '{name}' in the course table")))?;
    let mut text = String::from("| time | minutes | topic |\n| --- | --- | --- |\n");
    for session in plan.sessions {
        let mut clock = session.begins;
        for item in session.items {
            let (minutes, topic) = row(contents, item)?;
            let _ = writeln!(text, "| {} | {minutes} | {topic} |", time(clock));
            clock += minutes;
        }
        let spare = session.ends.saturating_sub(clock);
        if spare > 0 {
            let _ = writeln!(text, "| {} | {spare} | to spare |", time(clock));
        }
        let _ = writeln!(text, "| {} | | **{}** |", time(session.ends), session.then);
    }
    Ok(text)
}

/// Every session of a plan whose items take longer than it lasts.
pub fn overruns(contents: &Contents) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for plan in PLANS {
        for session in plan.sessions {
            let mut needed = 0;
            for item in session.items {
                needed += row(contents, item)?.0;
            }
            let there = session.ends - session.begins;
            if needed > there {
                found.push(overrun(plan, session, needed, there));
            }
        }
    }
    Ok(found)
}

fn overrun(plan: &Plan, session: &Session, needed: u32, there: u32) -> String {
    format!("plan '{}', session of {}: {needed} minutes of notes in {there}", plan.name, time(session.begins))
}

fn row(contents: &Contents, item: &Item) -> Result<(u32, String)> {
    let page = |file: &str| {
        contents
            .find(file)
            .ok_or_else(|| Failure::new(format!("a plan of the course table names '{file}', which is no page")))
    };
    Ok(match item {
        Item::Page(file) => {
            let page = page(file)?;
            (page.teaching(), format!("[{}]({file})", page.title))
        }
        Item::Shown(file, minutes) => (*minutes, format!("[{}]({file}), shown and not done", page(file)?.title)),
        Item::Other(words, minutes) => (*minutes, (*words).to_owned()),
    })
}

/// Minutes since midnight as on a clock.
fn time(minutes: u32) -> String {
    format!("{}:{:02}", minutes / 60, minutes % 60)
}
