//! The reader: one pass over the lines.

use crate::console::{Console, Report};
use crate::fault::Fault;
use crate::front::cut;
use crate::page::{Code, Hint, Note, Page, Part, Section, Unseen};

impl Page {
    /// Reads a page's Markdown.
    pub fn parse(markdown: &str) -> Self {
        let mut page = Self::default();
        let lines: Vec<&str> = markdown.lines().collect();
        // Its own lines, and the two fences.
        let head = cut(markdown).map(|front| front.map_or(0, |(front, _)| front.lines().count() + 2));
        let at = head.unwrap_or_else(|fault| {
            page.faults.push(fault);
            0
        });
        let mut reader = Reader { lines: &lines, at, page, open: Section::default() };
        while reader.at < lines.len() {
            reader.step();
        }
        reader.close_section();
        reader.page
    }
}

struct Reader<'a> {
    lines: &'a [&'a str],
    /// The index of the next line.
    at: usize,
    page: Page,
    /// The section being read.
    open: Section,
}

impl Reader<'_> {
    /// Takes the next line, and whatever belongs to it.
    fn step(&mut self) {
        let (index, line) = (self.at, self.lines[self.at]);
        self.at += 1;
        if let Some(fence) = fence(line) {
            self.code(index, line, fence);
        } else if let Some((level, title)) = heading(line) {
            self.close_section();
            self.open = section(level, title, index + 1);
        } else if line.trim_start().starts_with("<aside") && line.contains("class=\"teach\"") {
            let minutes = attribute(line, "data-minutes").and_then(|minutes| minutes.parse().ok());
            let text = self.until("</aside>", index, "an instructor's note");
            self.open.parts.push(Part::Note(Note { line: index + 1, minutes, text }));
        } else if let Some(title) = hint_title(line) {
            let title = title.to_owned();
            let text = self.until("</details>", index, "a hint");
            self.open.parts.push(Part::Hint(Hint { line: index + 1, title, text }));
        } else if let Some(first) = line.trim_start().strip_prefix("<!-- run: ") {
            self.unseen(index, first);
        }
    }

    fn close_section(&mut self) {
        let section = std::mem::take(&mut self.open);
        if self.page.title.is_empty() {
            self.page.title.clone_from(&section.title);
        }
        if section.level > 0 || !section.parts.is_empty() {
            self.page.sections.push(section);
        }
    }

    /// The lines up to the fence that closes the one at `index`.
    fn code(&mut self, index: usize, line: &str, fence: &str) {
        let info = line.trim_start()[fence.len()..].trim();
        let body = &self.lines[self.at..];
        let closes = |line: &str| line.trim().starts_with(fence) && line.trim().chars().all(|c| fence.contains(c));
        let length = body.iter().position(|line| closes(line)).unwrap_or_else(|| {
            self.page.faults.push(Fault { line: index + 1, text: "a code block without its end".to_owned() });
            body.len()
        });
        let body = &body[..length];
        self.at += length + 1;
        let (line, faults) = (index + 1, &mut self.page.faults);
        let terminal = match info.split(',').next() {
            Some("console") => Some(Part::Console(Console::read(line, info, body, faults))),
            Some("text") => Report::read(line, info, body, faults).map(Part::Report),
            _ => None,
        };
        let code = || Part::Code(Code { line, info: info.to_owned(), text: body.join("\n") });
        self.open.parts.push(terminal.unwrap_or_else(code));
    }

    /// The text up to the line that holds `end`, which is passed over.
    fn until(&mut self, end: &str, index: usize, what: &str) -> String {
        let body = &self.lines[self.at..];
        let Some(length) = body.iter().position(|line| line.contains(end)) else {
            self.page.faults.push(Fault { line: index + 1, text: format!("{what} without its {end}") });
            return String::new();
        };
        self.at += length + 1;
        body[..length].join("\n").trim().to_owned()
    }

    fn unseen(&mut self, index: usize, first: &str) {
        let command = match first.split_once("-->") {
            Some((command, _)) => command.trim().to_owned(),
            None => format!("{first}\n{}", self.until("-->", index, "a command that is not shown")),
        };
        self.open.parts.push(Part::Unseen(Unseen { line: index + 1, command }));
    }
}

/// The fence that a line opens: three or more of the same mark.
fn fence(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let mark = ['`', '~'].into_iter().find(|mark| line.starts_with(*mark))?;
    let length = line.chars().take_while(|c| *c == mark).count();
    (length >= 3).then(|| &line[..length])
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let level = line.chars().take_while(|c| *c == '#').count();
    let title = line[level..].strip_prefix(' ')?;
    (1..=6).contains(&level).then(|| (level, title.trim()))
}

fn section(level: usize, title: &str, line: usize) -> Section {
    let step = title.strip_prefix("Step ").and_then(|rest| rest.split(':').next()?.trim().parse().ok());
    Section { level, title: title.to_owned(), line, step, parts: Vec::new() }
}

fn hint_title(line: &str) -> Option<&str> {
    let summary = line.trim_start().strip_prefix("<details><summary>")?;
    summary.starts_with("Hint").then(|| summary.split("</summary>").next().unwrap_or(summary))
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "+++\nread = 3\n+++\n# Title\n\n<aside class=\"teach\" data-minutes=\"5\">\n\nSay **this**.\n\n</aside>\n\n## Step 2: do it\n\n<!-- run: until test -e x; do :; done -->\n```console\n$ ls\n# no heading\n```\n\n<details><summary>Hint 1: look</summary>\n\nalpha\n\n</details>\n<details><summary>The solution</summary>\n\n```rust\n# no heading either\n```\n\n</details>\n";

    #[test]
    fn a_page_is_taken_apart_in_order() {
        let page = Page::parse(PAGE);
        assert_eq!(page.faults, []);
        assert_eq!((page.title.as_str(), page.sections.len()), ("Title", 2));
        let note = page.sections[0].notes().next().expect("a note");
        assert_eq!((note.line, note.minutes, note.text.as_str()), (6, Some(5), "Say **this**."));
        let step = page.step(2).expect("a step");
        assert!(matches!(step.parts.as_slice(), [Part::Unseen(_), Part::Console(_), Part::Hint(_), Part::Code(_)]));
        assert_eq!(step.hints().next().map(|hint| hint.text.as_str()), Some("alpha"));
        assert_eq!(page.consoles().next().map(|console| (console.line, console.end)), Some((15, 18)));
    }

    #[test]
    fn what_has_no_end_is_a_fault_with_its_line() {
        for (text, line) in [("\n```console\n$ ls\n", 2), ("<aside class=\"teach\">\n", 1), ("<!-- run: x\n", 1)] {
            assert_eq!(Page::parse(text).faults.first().map(|fault| fault.line), Some(line), "{text}");
        }
    }

    #[test]
    fn a_longer_fence_holds_a_shorter_one() {
        let page = Page::parse("````text\n```console\n````\n# T\n");
        assert_eq!((page.consoles().count(), page.title.as_str()), (0, "T"));
    }
}
