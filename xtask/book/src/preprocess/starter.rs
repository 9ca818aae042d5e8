//! What a step's starter looks like: `{{#starter PATH:FUNCTION}}` in a Rust block becomes
//! the function's signature and the `todo!` in it.
//!
//! It is made from the solution and the course table, as the starters are, so it stays
//! correct whatever a learner has written meanwhile.

use std::path::Path;

use anyhow::{Context, Result};

use crate::files;

/// The starter of `PATH:FUNCTION`. `book` is the directory of sources, from which the
/// path leads.
pub fn show(book: &Path, target: &str) -> Result<String> {
    let (path, function) = target.split_once(':').context("a starter is named PATH:FUNCTION")?;
    let text = files::read(&book.join(path))?;
    starter(path, &text, function).with_context(|| format!("'{path}' has no step '{function}'"))
}

/// Whether a line of a code block asks for a starter.
pub fn is_asked_for(line: &str) -> bool {
    line.starts_with("{{#starter ")
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

/// The text of the starter's `todo!`.
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
}
