//! A starter is a solution with the marked bodies taken out.
//!
//! The marks are the book's own: `// ANCHOR: enter` … `// ANCHOR_END: enter`
//! around the whole body of the function `enter`. Anchors that do not name a
//! step of the chapter are for the book only, and are left as they are.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use course::Chapter;

use crate::error::{Error, Result};
use crate::files;
use crate::repo::{Repo, Tree};

/// The starter of one chapter: the text of each file, by its path in `exercises/`.
pub fn of(repo: &Repo, chapter: &Chapter) -> Result<BTreeMap<PathBuf, String>> {
    let (source, destination) = (repo.source(Tree::Solutions, chapter), repo.source(Tree::Exercises, chapter));
    let mut starter = BTreeMap::new();
    for file in files::list(&source)? {
        let path = source.join(&file);
        let text = make(chapter, &files::read(&path)?)
            .map_err(|fault| Error::Failed(format!("{}: {fault}", repo.short(&path).display())))?;
        starter.insert(destination.join(file), text);
    }
    Ok(starter)
}

/// Writes the starter of one source file.
///
/// # Errors
/// A mark without its end, or a marked body whose function cannot be found: the
/// message names the line.
pub fn make(chapter: &Chapter, source: &str) -> std::result::Result<String, String> {
    without(chapter, source, |_| true)
}

/// The same, but takes only the steps out for which `left_out` holds.
pub fn without(
    chapter: &Chapter,
    source: &str,
    left_out: impl Fn(usize) -> bool,
) -> std::result::Result<String, String> {
    let lines: Vec<&str> = source.lines().collect();
    let mut starter = String::new();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        let step = mark(line, "ANCHOR: ").and_then(|name| Some((name, position(chapter, name)?)));
        let Some((name, number)) = step.filter(|(_, number)| left_out(*number)) else {
            starter.push_str(line);
            starter.push('\n');
            at += 1;
            continue;
        };
        let end = (at..lines.len())
            .find(|&index| mark(lines[index], "ANCHOR_END: ") == Some(name))
            .ok_or_else(|| format!("line {}: no `// ANCHOR_END: {name}`", at + 1))?;
        let arguments =
            arguments(&lines[..at], name).ok_or_else(|| format!("line {}: no `fn {name}` above", at + 1))?;
        write_body(&mut starter, line, chapter, number, &arguments, lines[end]);
        at = end + 1;
    }
    Ok(starter)
}

fn mark<'a>(line: &'a str, kind: &str) -> Option<&'a str> {
    line.trim().strip_prefix("// ")?.strip_prefix(kind)
}

fn position(chapter: &Chapter, function: &str) -> Option<usize> {
    chapter.steps.iter().position(|step| step.function == function).map(|index| index + 1)
}

fn write_body(out: &mut String, mark: &str, chapter: &Chapter, number: usize, arguments: &[String], end: &str) {
    let indent = &mark[..mark.len() - mark.trim_start().len()];
    let goal = chapter.steps[number - 1].goal;
    let _ = writeln!(out, "{mark}");
    // By reference: a moved argument would be dropped before the panic below, and
    // a check on the other end of a closed socket would be the first to speak.
    let list: Vec<String> = arguments.iter().map(|argument| format!("&{argument}")).collect();
    match list.as_slice() {
        [] => {}
        [one] => {
            let _ = writeln!(out, "{indent}let _ = {one}; // what you have to work with");
        }
        many => {
            let _ = writeln!(out, "{indent}let _ = ({}); // what you have to work with", many.join(", "));
        }
    }
    let _ = writeln!(out, "{indent}todo!(\"{} step {number}: {goal}\")", chapter.id());
    let _ = writeln!(out, "{end}");
}

/// The argument names of the nearest `fn name(…)` above; `self` is left out.
fn arguments(above: &[&str], name: &str) -> Option<Vec<String>> {
    let start = above.iter().rposition(|line| {
        line.split_once("fn ")
            .is_some_and(|(_, rest)| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with(['(', '<'])))
    })?;
    let text = above[start..].join(" ");
    let list = parenthesized(&text[text.find(name)? + name.len()..])?;
    Some(split_at_top(list).iter().filter_map(|argument| argument_name(argument)).collect())
}

/// What stands between the first `(` and its `)`, skipping generics before it.
fn parenthesized(text: &str) -> Option<&str> {
    let mut angle = 0_i32;
    let start = text.char_indices().find_map(|(index, c)| match c {
        '<' => {
            angle += 1;
            None
        }
        '>' if !text[..index].ends_with('-') => {
            angle -= 1;
            None
        }
        '(' if angle == 0 => Some(index + 1),
        _ => None,
    })?;
    let mut depth = 1;
    for (index, c) in text[start..].char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(&text[start..start + index]);
        }
    }
    None
}

/// Splits at commas that stand in no bracket of any kind.
fn split_at_top(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_i32, 0, Vec::new());
    for (index, c) in list.char_indices() {
        match c {
            '(' | '[' | '<' => depth += 1,
            ')' | ']' => depth -= 1,
            '>' if !list[..index].ends_with('-') => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&list[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[start..]);
    parts
}

fn argument_name(argument: &str) -> Option<String> {
    let (name, _) = argument.split_once(':')?;
    let name = name.trim().trim_start_matches("mut ").trim();
    (!name.is_empty() && !name.starts_with('_') && name != "self").then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use course::CHAPTERS;

    #[test]
    fn a_marked_body_becomes_a_todo_with_its_arguments() {
        let source = "/// Enters.\npub fn enter(rootfs: &Path, mut f: impl Fn(u8, u8) -> u8) -> Result<()> {\n    // ANCHOR: enter\n    chroot(rootfs)\n    // ANCHOR_END: enter\n}\n";
        let starter = make(&CHAPTERS[0], source).unwrap();
        assert_eq!(
            starter,
            "/// Enters.\npub fn enter(rootfs: &Path, mut f: impl Fn(u8, u8) -> u8) -> Result<()> {\n    // ANCHOR: enter\n    let _ = (&rootfs, &f); // what you have to work with\n    todo!(\"ch1 step 4: enter the new root\")\n    // ANCHOR_END: enter\n}\n"
        );
    }

    #[test]
    fn other_anchors_and_a_missing_end_are_told_apart() {
        let kept = "// ANCHOR: picture\nfn f() {}\n// ANCHOR_END: picture\n";
        assert_eq!(make(&CHAPTERS[0], kept).unwrap(), kept);
        assert!(make(&CHAPTERS[0], "fn enter() {\n// ANCHOR: enter\n}\n").unwrap_err().contains("line 2"));
    }
}
