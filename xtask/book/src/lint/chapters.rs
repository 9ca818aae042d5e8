//! Every page has front matter that is true, and every chapter has the parts of a
//! chapter.

use std::fs;
use std::path::Path;

use anyhow::Result;
use course::Chapter;

use super::diagnostics::Diagnostics;
use super::source::Source;
use crate::contents::Contents;
use crate::front::{self, Front};
use crate::preprocess::{quiz, schedule};

/// How fast pages are read.
const WORDS_A_MINUTE: f64 = 200.0;
const CODE_LINES_A_MINUTE: f64 = 30.0;
/// How far the minutes in the front matter may be off, as a share.
const TOLERANCE: f64 = 0.25;
/// Minutes below which a page is too short to be measured.
const SHORT: f64 = 4.0;

const OBJECTIVES: std::ops::RangeInclusive<usize> = 2..=4;
const QUESTIONS: usize = 4;
const HINTS: usize = 3;
const IDEA_WORDS: usize = 250;

pub fn check(root: &Path, sources: &[Source], contents: &Contents, found: &mut Diagnostics) -> Result<()> {
    for source in sources.iter().filter(|source| contents.find(&source.name).is_some()) {
        let place = source.place();
        let Some(front) = front::split(&source.text)?.0 else {
            found.add(&place, "no front matter: TOML between two +++ lines at its top");
            continue;
        };
        about(root, source, &front, found);
        let chapter = course::CHAPTERS.iter().find(|chapter| chapter.page() == source.name);
        if let Some(chapter) = chapter {
            parts(chapter, source, &front, found);
        }
    }
    for entry in contents.0.iter().filter(|entry| entry.noted > entry.front.teach) {
        let (noted, planned) = (entry.noted, entry.front.teach);
        let fault = format_args!("its notes add up to {noted} minutes; `teach` plans {planned}");
        found.add(format_args!("book/{}", entry.file), fault);
    }
    for overrun in schedule::overruns(contents)? {
        found.add("xtask/book/plans.toml", overrun);
    }
    Ok(())
}

/// The front matter that every page has.
fn about(root: &Path, source: &Source, front: &Front, found: &mut Diagnostics) {
    let place = source.place();
    if front.description.trim().is_empty() {
        found.add(&place, "no description in its front matter");
    }
    let measured = minutes(root, &source.text);
    let stated = f64::from(front.read);
    if stated == 0.0 || measured >= SHORT && (stated / measured - 1.0).abs() > TOLERANCE {
        found.add(&place, format_args!("`read = {}`; its words and code take {measured:.0} minutes", front.read));
    }
}

fn parts(chapter: &Chapter, source: &Source, front: &Front, found: &mut Diagnostics) {
    let place = source.place();
    let objectives = front.objectives.len();
    if !OBJECTIVES.contains(&objectives) {
        found.add(&place, format_args!("{objectives} objectives; two to four say what a reader will be able to do"));
    }
    if front.exercise == 0 || front.teach == 0 {
        found.add(&place, "its front matter must say `do` and `teach`, in minutes");
    }
    if section(&source.text, "Break it on purpose").is_empty() {
        found.add(&place, "no section 'Break it on purpose'");
    }
    idea(source, found);
    questions(source, found);
    for number in 1..=chapter.steps.len() {
        let hints = section(&source.text, &format!("Step {number}:")).matches("<summary>Hint ").count();
        if hints != HINTS {
            found.add(&place, format_args!("{hints} hints for step {number}; {HINTS} belong there"));
        }
    }
}

/// The idea is short, and has one picture.
fn idea(source: &Source, found: &mut Diagnostics) {
    let place = source.place();
    let text = section(&source.text, "The idea");
    let (mut words, mut aside) = (0, false);
    for line in text.lines() {
        aside |= line.starts_with("<aside") || line.starts_with("<figure");
        if !aside {
            words += count_words(line);
        }
        aside &= !(line.starts_with("</aside") || line.starts_with("</figure"));
    }
    if words > IDEA_WORDS {
        found.add(&place, format_args!("{words} words below 'The idea'; at most {IDEA_WORDS}"));
    }
    let pictures = text.matches("<figure>").count();
    if pictures != 1 {
        found.add(&place, format_args!("{pictures} pictures below 'The idea'; one belongs there"));
    }
}

/// Each question is a bold paragraph; its options follow, one of them right.
fn questions(source: &Source, found: &mut Diagnostics) {
    let place = source.place();
    let text = section(&source.text, "Check yourself");
    let mut questions: Vec<(&str, usize, usize)> = Vec::new();
    for line in text.lines() {
        if line.starts_with("**") {
            questions.push((line.trim_matches('*'), 0, 0));
        } else if let (Some(choice), Some(question)) = (quiz::choice(line), questions.last_mut()) {
            question.1 += 1;
            question.2 += usize::from(choice.is_right());
        }
    }
    if questions.len() < QUESTIONS {
        found.add(&place, format_args!("{} questions below 'Check yourself'; at least {QUESTIONS}", questions.len()));
    }
    for (question, options, right) in questions {
        if options < 2 || right != 1 {
            found.add(&place, format_args!("'{question}' has {options} explained options, {right} of them a Yes"));
        }
    }
}

/// The text below the heading that begins so, up to the next of its level or above.
fn section<'a>(text: &'a str, title: &str) -> &'a str {
    let mut start: Option<(usize, usize)> = None;
    let (mut at, mut code) = (0, false);
    for line in text.split_inclusive('\n') {
        code ^= line.starts_with("```");
        let level = line.chars().take_while(|mark| *mark == '#').count();
        let heads = !code && level > 0;
        match start {
            Some((from, own)) if heads && level <= own => return &text[from..at],
            None if heads && line[level..].trim().starts_with(title) => start = Some((at + line.len(), level)),
            _ => {}
        }
        at += line.len();
    }
    start.map_or("", |(from, _)| &text[from..])
}

/// Minutes to read a page: all of it but the instructor's notes.
fn minutes(root: &Path, text: &str) -> f64 {
    let body = front::blanked(text).unwrap_or_default();
    let (mut words, mut lines) = (0, 0);
    let (mut code, mut note) = (false, false);
    for line in body.lines() {
        if line.starts_with("```") {
            code = !code;
        } else if line.starts_with("<aside class=\"teach\"") {
            note = true;
        } else if line.starts_with("</aside>") {
            note = false;
        } else if code && !note {
            lines += code_lines(root, line);
        } else if !note {
            words += count_words(line);
        }
    }
    words as f64 / WORDS_A_MINUTE + lines as f64 / CODE_LINES_A_MINUTE
}

fn count_words(line: &str) -> usize {
    line.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count()
}

/// One, or as many as the line includes.
fn code_lines(root: &Path, line: &str) -> usize {
    let Some((path, part)) = Source::include(line.trim()) else { return usize::from(!line.trim().is_empty()) };
    let text = fs::read_to_string(root.join("book").join(path)).unwrap_or_default();
    let inside = text
        .lines()
        .skip_while(|line| line.trim() != format!("// ANCHOR: {part}"))
        .skip(1)
        .take_while(|line| line.trim() != format!("// ANCHOR_END: {part}"));
    if part.is_empty() { text.lines().count() } else { inside.count() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> String {
        let mut found = Diagnostics::default();
        parts(&course::CHAPTERS[0], &Source::of("x.md", text), &Front::default(), &mut found);
        found.0.join("\n")
    }

    #[test]
    fn a_section_ends_at_the_next_of_its_level() {
        let text = "# T\n## A\none\n### B\ntwo\n```sh\n## no\n```\n## C\nthree\n";
        assert_eq!(section(text, "A"), "one\n### B\ntwo\n```sh\n## no\n```\n");
        assert_eq!(section(text, "C"), "three\n");
        assert_eq!(section(text, "D"), "");
    }

    #[test]
    fn what_a_chapter_lacks_is_named() {
        let found = faults("# T\n### Step 1: a\n<details><summary>Hint 1: x</summary>\n");
        for word in [
            "0 objectives",
            "0 pictures",
            "`do` and `teach`",
            "Break it",
            "0 questions",
            "1 hints for step 1",
            "0 hints for step 2",
        ] {
            assert!(found.contains(word), "{word}: {found}");
        }
    }

    #[test]
    fn an_idea_is_short_without_its_note_and_its_picture() {
        let note = format!("<aside class=\"teach\">\n{}\n</aside>\n", "word ".repeat(300));
        let picture = format!("<figure>\n<svg>{}</svg>\n</figure>\n", "word ".repeat(300));
        let idea = |words: usize| format!("## The idea\n{note}{}\n{picture}", "word ".repeat(words));
        assert!(!faults(&idea(IDEA_WORDS)).contains("The idea"));
        assert!(faults(&idea(IDEA_WORDS + 1)).contains("251 words below 'The idea'"));
        assert!(faults(&format!("{}{picture}", idea(1))).contains("2 pictures below 'The idea'"));
    }

    #[test]
    fn a_question_has_one_right_option() {
        let yes = "<details><summary>a</summary>Yes. b</details>\n";
        let no = "<details><summary>a</summary>No. b</details>\n";
        let found = faults(&format!("## Check yourself\n**1. P?**\n\n{yes}{no}\n**2. Q?**\n\n{yes}{yes}\n**3. R?**\n"));
        assert!(!found.contains("'1. P?'"), "{found}");
        assert!(found.contains("'2. Q?' has 2 explained options, 2 of them a Yes"), "{found}");
        assert!(found.contains("'3. R?' has 0"), "{found}");
    }

    #[test]
    fn notes_are_not_read() {
        let note = "<aside class=\"teach\" data-minutes=\"5\">\n\nmany words\n\n</aside>\n";
        let words = ["word"; 400].join(" ");
        assert_eq!(minutes(Path::new("/nowhere"), &format!("{note}{words}\n")), 2.0);
    }
}
