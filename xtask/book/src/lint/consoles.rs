//! The pages' own marks make sense, and every block that looks like a terminal is one
//! that `cargo xtask book record` runs.

use std::path::Path;

use course::CHAPTERS;
use pages::{Page, Part, Shown};

use super::diagnostics::Diagnostics;
use super::source::Source;

pub fn check(root: &Path, sources: &[Source], found: &mut Diagnostics) {
    for source in sources {
        let page = Page::parse(&source.text);
        for fault in &page.faults {
            found.add(format_args!("{}:{}", source.place(), fault.line), &fault.text);
        }
        for (line, name) in wrong_solutions(&page) {
            let chapter = CHAPTERS.iter().find(|chapter| chapter.page() == source.name);
            let patch = chapter.map(|chapter| format!("solutions/{}/wrong/{name}.patch", chapter.directory()));
            if !patch.as_ref().is_some_and(|patch| root.join(patch).is_file()) {
                found.add(format_args!("{}:{line}", source.place()), format_args!("no wrong solution '{name}'"));
            }
        }
        for part in page.sections.iter().flat_map(|section| &section.parts) {
            if let Part::Code(code) = part
                && let Some(output) = terminal_line(&code.info, &code.text)
            {
                let advice = "make it a `console` block, or `text,wrong=NAME` if it is a check's report";
                found.add(
                    format_args!("{}:{}", source.place(), code.line),
                    format_args!("'{output}' looks like a terminal, but nothing runs it: {advice}"),
                );
            }
        }
    }
}

fn wrong_solutions(page: &Page) -> Vec<(usize, &str)> {
    let consoles = page.consoles().filter_map(|console| match &console.attributes.shown {
        Some(Shown::Wrong(name)) => Some((console.line, name.as_str())),
        _ => None,
    });
    consoles.chain(page.reports().map(|report| (report.line, report.wrong.as_str()))).collect()
}

/// The first line of a block without a language that only a program prints: behind a
/// prompt, of a check's report, of HTTP, of strace, or with an error's name.
fn terminal_line<'a>(info: &str, text: &'a str) -> Option<&'a str> {
    if !matches!(info, "" | "text") {
        return None;
    }
    let methods = ["GET /", "HEAD /", "POST /", "PUT /", "PATCH /", "DELETE /", "HTTP/"];
    text.lines().find(|line| {
        let word = line.trim_start();
        line.starts_with("$ ")
            || ["the check: ", "likely: ", "it said: ", "- expected, + found"].iter().any(|mark| word.starts_with(mark))
            || methods.iter().any(|method| word.starts_with(method))
            || ["No such file or directory", "os error ", "Permission denied"].iter().any(|mark| line.contains(mark))
            || line.rsplit_once(") ").is_some_and(|(_, end)| end.trim_start().starts_with("= "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_print_is_told_from_text() {
        for line in ["$ ls", "  likely: you forgot", "GET /v2/ 200", "setgid(1000)      = 0", "x: ENOENT (os error 2)"]
        {
            assert_eq!(terminal_line("text", &format!("first\n{line}")), Some(line));
            assert_eq!(terminal_line("sh", line), None);
        }
        assert_eq!(terminal_line("text", "book/   the pages\nfn f() -> x {\n    // ANCHOR: f\n}"), None);
    }
}
