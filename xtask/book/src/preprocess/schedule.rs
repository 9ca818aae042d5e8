//! `{{#schedule half-day}}`: a plan of the course table as a table with the time
//! of day, from the minutes of the instructor's notes.

use std::fmt::Write;

use anyhow::{Context, Result};
use course::{Item, PLANS, Plan};

use super::times::of_day;
use crate::contents::Contents;

/// The plan as Markdown.
pub fn table(contents: &Contents, name: &str) -> Result<String> {
    let plan = PLANS.iter().find(|plan| plan.name == name);
    let plan = plan.with_context(|| format!("no plan '{name}' in the course table"))?;
    let mut text = String::from("| time | minutes | topic |\n| --- | --- | --- |\n");
    for session in plan.sessions {
        let mut clock = session.begins;
        for item in session.items {
            let (minutes, topic) = row(contents, item)?;
            let _ = writeln!(text, "| {} | {minutes} | {topic} |", of_day(clock));
            clock += minutes;
        }
        let spare = session.ends.saturating_sub(clock);
        if spare > 0 {
            let _ = writeln!(text, "| {} | {spare} | to spare |", of_day(clock));
        }
        let _ = writeln!(text, "| {} | | **{}** |", of_day(session.ends), session.then);
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
            let planned = session.ends - session.begins;
            if needed > planned {
                let (name, begins) = (plan.name, of_day(session.begins));
                found.push(format!("plan '{name}', session of {begins}: {needed} minutes of notes in {planned}"));
            }
        }
    }
    Ok(found)
}

fn row(contents: &Contents, item: &Item) -> Result<(u32, String)> {
    let page = |file: &str| {
        contents.find(file).with_context(|| format!("a plan of the course table names '{file}', which is not a page"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use course::Session;

    use crate::contents::Entry;
    use crate::front::Front;

    const ITEMS: &[Item] = &[Item::Page("a.md"), Item::Other("a break", 15)];
    const PLAN: &[Plan] =
        &[Plan { name: "p", sessions: &[Session { begins: 540, ends: 560, items: ITEMS, then: "lunch" }] }];

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
