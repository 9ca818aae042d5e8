//! What a step's starter looks like: `{{#starter PATH:NAME}}` in a Rust block becomes
//! the signature of the function NAME and the `todo!` in it.
//!
//! It is made from the solution and the course table, as the starters are, so it
//! is right whatever a learner has written meanwhile.

use std::fs;
use std::path::Path;

use crate::failure::{Failure, Result};

/// Replaces every such line of a page. `book` is the directory of sources.
pub fn expand(book: &Path, markdown: &str) -> Result<String> {
    let mut page = String::with_capacity(markdown.len());
    for line in markdown.split_inclusive('\n') {
        match wanted(line.trim()) {
            Some((path, function)) => page += &shown(book, path, function)?,
            None => page += line,
        }
    }
    Ok(page)
}

/// The file, as seen from `book/`, and the function that a line asks for.
pub fn wanted(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("{{#starter ")?.strip_suffix("}}")?.trim().split_once(':')
}

fn shown(book: &Path, path: &str, function: &str) -> Result<String> {
    let file = book.join(path);
    let text = fs::read_to_string(&file).map_err(Failure::io("read", &file))?;
    let starter = starter(path, &text, function);
    starter.ok_or_else(|| Failure::new(format!("'{path}' has no step '{function}' that a starter could be made of")))
}

fn starter(path: &str, source: &str, function: &str) -> Option<String> {
    let mark = format!("// ANCHOR: {function}");
    let lines: Vec<&str> = source.lines().collect();
    let body = lines.iter().position(|line| line.trim() == mark)?;
    let head = format!("pub fn {function}");
    let begin = lines[..body].iter().rposition(|line| line.trim_start().starts_with(&head))?;
    let indent = lines[begin].len() - lines[begin].trim_start().len();
    let signature = lines[begin..body].iter().map(|line| line.get(indent..).unwrap_or_default());
    let mut out = format!("// {}\n", path.trim_start_matches("../").replacen("solutions/", "exercises/", 1));
    signature.for_each(|line| out += &format!("{line}\n"));
    Some(out + &format!("    todo!(\"{}\")\n}}\n", goal(path, function)?))
}

/// The words of the starter's `todo!`.
fn goal(path: &str, function: &str) -> Option<String> {
    let chapter = course::CHAPTERS.iter().find(|chapter| path.contains(&format!("/{}/", chapter.directory())))?;
    let number = chapter.steps.iter().position(|step| step.function == function)?;
    Some(format!("{} step {}: {}", chapter.id(), number + 1, chapter.steps[number].goal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_starter_is_the_signature_and_what_is_to_do() {
        let chapter = &course::CHAPTERS[0];
        let (path, step) = (format!("../solutions/{}/src/a.rs", chapter.directory()), &chapter.steps[0]);
        let name = step.function;
        let source = format!(
            "impl A {{\n    /// Words.\n    pub fn {name}(\n        a: u8,\n    ) -> u8 {{\n        // ANCHOR: {name}\n        1\n        // ANCHOR_END: {name}\n    }}\n}}\n"
        );
        let expected = format!(
            "// exercises/{}/src/a.rs\npub fn {name}(\n    a: u8,\n) -> u8 {{\n    todo!(\"ch1 step 1: {}\")\n}}\n",
            chapter.directory(),
            step.goal
        );
        assert_eq!(starter(&path, &source, name), Some(expected));
        assert_eq!(starter(&path, &source, "another"), None);
    }

    #[test]
    fn only_whole_lines_are_asked_for() {
        assert_eq!(wanted("{{#starter ../a.rs:run}}"), Some(("../a.rs", "run")));
        assert_eq!(wanted("{{#include ../a.rs:run}}"), None);
        let page = "a\n{{#include ../a.rs:run}}\n";
        assert_eq!(expand(Path::new("/nowhere"), page).expect("nothing to read"), page);
        assert!(expand(Path::new("/nowhere"), "{{#starter ../a.rs:run}}\n").is_err());
    }
}
