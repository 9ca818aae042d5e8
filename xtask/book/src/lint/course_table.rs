//! Every chapter of the course table has its page, its line in SUMMARY.md, and
//! the code of each of its steps. And no page is left out of SUMMARY.md: mdBook
//! would not build it, and not say so.

use std::path::Path;

use course::Chapter;

use super::{Faults, Source, code};

/// Pages that mdBook knows by their names.
const ALONE: &[&str] = &["SUMMARY.md", "404.md"];

pub fn check(root: &Path, sources: &[Source], faults: &mut Faults) {
    let summary = sources.iter().find(|source| source.name == "SUMMARY.md").map_or("", |source| &source.text);
    for source in sources.iter().filter(|source| !ALONE.contains(&source.name.as_str())) {
        if !lists(summary, &source.name) {
            faults.add("book/SUMMARY.md", format_args!("no line for {}", source.name));
        }
    }
    for chapter in course::CHAPTERS {
        let name = chapter.page();
        match sources.iter().find(|source| source.name == name) {
            None => faults.add(format_args!("book/{name}"), "the chapter has no page"),
            Some(source) => check_steps(root, chapter, source, faults),
        }
    }
}

fn lists(summary: &str, name: &str) -> bool {
    summary.contains(&format!("({name})")) || summary.contains(&format!("(./{name})"))
}

fn check_steps(root: &Path, chapter: &Chapter, source: &Source, faults: &mut Faults) {
    let tree = format!("../solutions/{}/", chapter.directory());
    let shown: Vec<&str> = source
        .page
        .code
        .iter()
        .flat_map(|code| code.text.lines())
        .filter_map(|line| code::include(line.trim()))
        .filter(|(path, _)| path.starts_with(&tree))
        .map(|(_, part)| part)
        .collect();
    let missing: Vec<&str> =
        chapter.steps.iter().map(|step| step.function).filter(|function| !shown.contains(function)).collect();
    if !missing.is_empty() && root.join("solutions").join(chapter.directory()).is_dir() {
        faults.add(format_args!("book/{}", source.name), format_args!("steps without code: {}", missing.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Page;

    fn source(name: &str, text: &str) -> Source {
        Source { name: name.into(), text: text.into(), page: Page::parse(text) }
    }

    #[test]
    fn a_page_without_a_line_and_a_chapter_without_a_page_are_faults() {
        let mut faults = Faults::default();
        check(
            Path::new("/nowhere"),
            &[source("SUMMARY.md", "[A](a.md)"), source("a.md", ""), source("b.md", "")],
            &mut faults,
        );
        assert!(faults.0.iter().any(|fault| fault.contains("no line for b.md")));
        assert!(!faults.0.iter().any(|fault| fault.contains("no line for a.md")));
        let pages = faults.0.iter().filter(|fault| fault.contains("has no page")).count();
        assert_eq!(pages, course::CHAPTERS.len());
    }

    #[test]
    fn a_step_whose_code_is_not_shown_is_a_fault() {
        let root = std::env::temp_dir().join(format!("book-tool-steps-{}", std::process::id()));
        let chapter = &course::CHAPTERS[0];
        std::fs::create_dir_all(root.join("solutions").join(chapter.directory())).expect("a scratch directory");
        let first = chapter.steps[0].function;
        let text = format!("```rust\n{{{{#include ../solutions/{}/src/lib.rs:{first}}}}}\n```\n", chapter.directory());
        let mut faults = Faults::default();
        check_steps(&root, chapter, &source(&chapter.page(), &text), &mut faults);
        std::fs::remove_dir_all(&root).expect("the scratch directory again");
        assert_eq!(faults.0.len(), 1);
        assert!(!faults.0[0].contains(&format!(" {first},")));
        assert!(faults.0[0].contains(chapter.steps[1].function));
    }
}
