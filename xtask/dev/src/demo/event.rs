//! What a demo consists of: a list of events, made from a chapter's page.

use course::Chapter;
use pages::{Attributes, Page, Part, Shown};

use crate::terminal::requirements;

/// One thing that happens on the screen, or behind it.
#[derive(Debug)]
pub enum Event {
    Heading {
        title: String,
        /// The graded step that begins here.
        step: Option<usize>,
    },
    /// What the instructor says.
    Note {
        text: String,
        minutes: u32,
    },
    /// A step's function, as a learner finds it and as the solution has it.
    Code {
        before: String,
        after: String,
    },
    /// Run without being shown.
    Unseen(String),
    Command(String),
    /// The same, with the terminal lent to it: it may ask for something there.
    Asking(String),
    /// `cargo xtask check …`, on a chapter that holds this code.
    Check {
        command: String,
        shown: Shown,
    },
    /// A block that this machine cannot run: why.
    Left(String),
}

impl Event {
    /// Whether the player waits here.
    pub fn is_played(&self) -> bool {
        matches!(self, Self::Command(_) | Self::Asking(_) | Self::Check { .. })
    }
}

/// The events of a chapter's page. A section in which there is nothing to play or to
/// say is left out; the chapter's title is always there.
pub fn of_page(page: &Page, chapter: &Chapter) -> Vec<Event> {
    let mut events = Vec::new();
    for section in &page.sections {
        let mut own = Vec::new();
        for part in &section.parts {
            match part {
                Part::Note(note) => {
                    own.push(Event::Note { text: note.text.clone(), minutes: note.minutes.unwrap_or(0) });
                }
                Part::Unseen(unseen) if requirements::plays(section) => own.push(Event::Unseen(unseen.command.clone())),
                Part::Console(console) => match requirements::lack(&console.attributes) {
                    Some(reason) => own.push(Event::Left(reason)),
                    None => {
                        own.extend(console.commands.iter().map(|command| played(&console.attributes, &command.text)))
                    }
                },
                Part::Unseen(_) | Part::Report(_) | Part::Hint(_) | Part::Code(_) => {}
            }
        }
        if own.is_empty() && section.step.is_none() && section.level != 1 {
            continue;
        }
        let title =
            if section.level == 1 { format!("{} · {}", chapter.id(), section.title) } else { section.title.clone() };
        events.push(Event::Heading { title, step: section.step });
        events.extend(own);
    }
    events
}

fn played(attributes: &Attributes, text: &str) -> Event {
    match &attributes.shown {
        Some(shown) => Event::Check { command: text.to_owned(), shown: shown.clone() },
        None => Event::Command(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_prepares_a_block_that_is_left_out_is_left_out() {
        let block = |needs: &str| format!("# T\n\n<!-- run: x -->\n```console{needs}\n$ a\n```\n");
        let events = |needs| of_page(&Page::parse(&block(needs)), &course::CHAPTERS[0]);
        assert!(matches!(events("").as_slice(), [_, Event::Unseen(_), Event::Command(_)]));
        assert!(matches!(events(",needs=no-such-program").as_slice(), [_, Event::Left(_)]));
    }

    #[test]
    fn a_page_becomes_cues_in_order() {
        let page = Page::parse(
            "# T\n\n## Empty\n\nText.\n\n## Step 1: x\n\n<aside class=\"teach\" data-minutes=\"3\">\n\nSay.\n\n</aside>\n\n```console\n$ a\n$ b\n```\n\n```console,wrong=step1-x\n$ cargo xtask check ch1 --step 1\n```\n",
        );
        let events = of_page(&page, &course::CHAPTERS[0]);
        assert!(matches!(
            events.as_slice(),
            [
                Event::Heading { step: None, .. },
                Event::Heading { step: Some(1), .. },
                Event::Note { minutes: 3, .. },
                Event::Command(_),
                Event::Command(_),
                Event::Check { .. }
            ]
        ));
    }
}
