//! Every chapter of the course table has its page, its line in SUMMARY.md, and
//! the code of each of its steps. And no page is left out of SUMMARY.md: mdBook
//! would not build it, and not say so.

use std::path::Path;

use course::Chapter;

use super::diagnostics::Diagnostics;
use super::source::Source;

/// Pages that mdBook knows by their names.
const ALONE: &[&str] = &["SUMMARY.md", "404.md"];

pub fn check(root: &Path, sources: &[Source], found: &mut Diagnostics) {
    let summary = sources.iter().find(|source| source.name == "SUMMARY.md").map_or("", |source| &source.text);
    for source in sources.iter().filter(|source| !ALONE.contains(&source.name.as_str())) {
        if !lists(summary, &source.name) {
            found.add("book/SUMMARY.md", format_args!("no line for {}", source.name));
        }
    }
    for chapter in course::CHAPTERS {
        let name = chapter.page();
        match sources.iter().find(|source| source.name == name) {
            None => found.add(format_args!("book/{name}"), "the chapter has no page"),
            Some(source) => check_steps(root, chapter, source, found),
        }
    }
}

fn lists(summary: &str, name: &str) -> bool {
    summary.contains(&format!("({name})")) || summary.contains(&format!("(./{name})"))
}

fn check_steps(root: &Path, chapter: &Chapter, source: &Source, found: &mut Diagnostics) {
    let tree = format!("../solutions/{}/", chapter.directory());
    let lines = source.page.code.iter().flat_map(|code| code.text.lines());
    let includes = lines.filter_map(|line| Source::include(line.trim()));
    let shown: Vec<&str> = includes.filter(|(path, _)| path.starts_with(&tree)).map(|(_, part)| part).collect();
    let missing: Vec<&str> =
        chapter.steps.iter().map(|step| step.function).filter(|function| !shown.contains(function)).collect();
    if !missing.is_empty() && root.join("solutions").join(chapter.directory()).is_dir() {
        found.add(source.place(), format_args!("steps without code: {}", missing.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_a_line_and_a_chapter_without_a_page_are_faults() {
        let mut found = Diagnostics::default();
        let sources = [Source::of("SUMMARY.md", "[A](a.md)"), Source::of("a.md", ""), Source::of("b.md", "")];
        check(Path::new("/nowhere"), &sources, &mut found);
        assert!(found.0.iter().any(|fault| fault.contains("no line for b.md")));
        assert!(!found.0.iter().any(|fault| fault.contains("no line for a.md")));
        let pages = found.0.iter().filter(|fault| fault.contains("has no page")).count();
        assert_eq!(pages, course::CHAPTERS.len());
    }

    #[test]
    fn a_step_whose_code_is_not_shown_is_a_fault() {
        let root = std::env::temp_dir().join(format!("book-tool-steps-{}", std::process::id()));
        let chapter = &course::CHAPTERS[0];
        std::fs::create_dir_all(root.join("solutions").join(chapter.directory())).expect("a scratch directory");
        let first = chapter.steps[0].function;
        let text = format!("```rust\n{{{{#include ../solutions/{}/src/lib.rs:{first}}}}}\n```\n", chapter.directory());
        let mut found = Diagnostics::default();
        check_steps(&root, chapter, &Source::of(&chapter.page(), &text), &mut found);
        std::fs::remove_dir_all(&root).expect("the scratch directory again");
        assert_eq!(found.0.len(), 1);
        assert!(!found.0[0].contains(&format!(" {first},")));
        assert!(found.0[0].contains(chapter.steps[1].function));
    }
}
