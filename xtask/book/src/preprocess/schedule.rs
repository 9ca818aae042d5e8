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
    overruns_of(PLANS, contents)
}

fn overruns_of(plans: &[Plan], contents: &Contents) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for plan in plans {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contents::Entry;
    use crate::front::Front;

    const ITEMS: &[Item] = &[Item::Page("a.md"), Item::Other("a break", 15)];
    const PLAN: &[Plan] =
        &[Plan { name: "p", sessions: &[Session { begins: 540, ends: 560, items: ITEMS, then: "lunch" }] }];

    fn contents(minutes: u32) -> Contents {
        let taught = vec![("A".to_owned(), minutes)];
        Contents(vec![Entry { file: "a.md".into(), title: "A".into(), front: Front::default(), taught }])
    }

    #[test]
    fn a_session_that_its_notes_just_fill_is_none_that_overruns() {
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
