//! `{{#schedule half-day}}`: a plan of `plans.toml` as a table with the time of day, from
//! the minutes of the instructor's notes.

use std::fmt::Write;

use anyhow::{Context, Result};
use serde::Deserialize;
use toml::value::Datetime;

use super::times::of_day;
use crate::contents::Contents;

const PLANS: &str = include_str!("../../plans.toml");

#[derive(Deserialize)]
struct Plans {
    plan: Vec<Plan>,
}

/// One way to teach the workbook.
#[derive(Deserialize)]
struct Plan {
    name: String,
    session: Vec<Session>,
}

/// A part of a day without a long break.
#[derive(Deserialize)]
struct Session {
    begins: Datetime,
    ends: Datetime,
    items: Vec<Item>,
    /// What comes after it.
    then: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Item {
    /// A page, taught by its notes.
    Page(String),
    /// A page that is only shown.
    Shown {
        shown: String,
        minutes: u32,
    },
    Other {
        other: String,
        minutes: u32,
    },
}

fn plans(text: &str) -> Result<Vec<Plan>> {
    Ok(toml::from_str::<Plans>(text).context("xtask/book/plans.toml")?.plan)
}

/// The plan as Markdown.
pub fn table(contents: &Contents, name: &str) -> Result<String> {
    let plan = plans(PLANS)?.into_iter().find(|plan| plan.name == name);
    let plan = plan.with_context(|| format!("no plan '{name}' in xtask/book/plans.toml"))?;
    let mut text = String::from("| time | minutes | topic |\n| --- | --- | --- |\n");
    for session in &plan.session {
        let (mut clock, ends) = (minutes(&session.begins), minutes(&session.ends));
        for item in &session.items {
            let (minutes, topic) = row(contents, item)?;
            let _ = writeln!(text, "| {} | {minutes} | {topic} |", of_day(clock));
            clock += minutes;
        }
        let spare = ends.saturating_sub(clock);
        if spare > 0 {
            let _ = writeln!(text, "| {} | {spare} | to spare |", of_day(clock));
        }
        let _ = writeln!(text, "| {} | | **{}** |", of_day(ends), session.then);
    }
    Ok(text)
}

/// Every session of a plan whose items take longer than it lasts.
pub fn overruns(contents: &Contents) -> Result<Vec<String>> {
    overruns_of(PLANS, contents)
}

fn overruns_of(text: &str, contents: &Contents) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for Plan { name, session } in plans(text)? {
        for session in session {
            let rows = session.items.iter().map(|item| row(contents, item)).collect::<Result<Vec<_>>>()?;
            let (needed, begins) = (rows.iter().map(|(minutes, _)| minutes).sum::<u32>(), minutes(&session.begins));
            let planned = minutes(&session.ends) - begins;
            if needed > planned {
                let begins = of_day(begins);
                found.push(format!("plan '{name}', session of {begins}: {needed} minutes of notes in {planned}"));
            }
        }
    }
    Ok(found)
}

/// Minutes since midnight.
fn minutes(time: &Datetime) -> u32 {
    time.time.map_or(0, |time| 60 * u32::from(time.hour) + u32::from(time.minute))
}

fn row(contents: &Contents, item: &Item) -> Result<(u32, String)> {
    let page = |file: &str| contents.find(file).with_context(|| format!("a plan names '{file}', which is not a page"));
    Ok(match item {
        Item::Page(file) => {
            let page = page(file)?;
            (page.teaching(), format!("[{}]({file})", page.title))
        }
        Item::Shown { shown, minutes } => (*minutes, format!("[{}]({shown}), shown and not done", page(shown)?.title)),
        Item::Other { other, minutes } => (*minutes, other.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contents::Entry;
    use crate::front::Front;

    const PLAN: &str = r#"plan = [{ name = "p", session = [{ begins = 09:00:00, ends = 09:20:00, then = "lunch",
        items = ["a.md", { other = "a break", minutes = 15 }] }] }]"#;

    fn contents(minutes: u32) -> Contents {
        Contents(vec![Entry { file: "a.md".into(), title: "A".into(), front: Front::default(), noted: minutes }])
    }

    #[test]
    fn a_session_that_its_notes_just_fill_does_not_overrun() {
        assert!(overruns_of(PLAN, &contents(5)).expect("a page").is_empty());
    }

    #[test]
    fn a_minute_too_much_is_named_with_its_plan_and_hour() {
        let found = overruns_of(PLAN, &contents(6)).expect("a page");
        assert_eq!(found, ["plan 'p', session of 9:00: 21 minutes of notes in 20"]);
    }

    #[test]
    fn a_plan_with_a_page_that_is_not_there_is_a_fault() {
        let empty = Contents(Vec::new());
        assert!(overruns_of(PLAN, &empty).is_err());
    }
}
