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
    let list = arguments.iter().map(|argument| format!("&{argument}")).collect::<Vec<_>>().join(", ");
    let list = if arguments.len() > 1 { format!("({list})") } else { list };
    if !list.is_empty() {
        let _ = writeln!(out, "{indent}let _ = {list}; // what you have to work with");
    }
    let _ = writeln!(out, "{indent}todo!(\"{} step {number}: {goal}\")", chapter.id());
    let _ = writeln!(out, "{end}");
}

/// The argument names of the nearest `fn name(…)` above; `self` and `_names` are left out.
fn arguments(above: &[&str], name: &str) -> Option<Vec<String>> {
    let start = above.iter().rposition(|line| {
        line.split_once("fn ")
            .is_some_and(|(_, rest)| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with(['(', '<'])))
    })?;
    let text = above[start..].join(" ");
    let text = &text[text.find(name)? + name.len()..];
    let (mut depth, mut inside, mut names, mut word) = (0_i32, false, Vec::new(), String::new());
    for (index, c) in text.char_indices() {
        match c {
            '(' if depth == 0 => {
                (inside, depth) = (true, 1);
                word.clear();
                continue;
            }
            '(' | '[' | '<' => depth += 1,
            ')' | ']' => depth -= 1,
            '>' if !text[..index].ends_with('-') => depth -= 1,
            _ => {}
        }
        match c {
            _ if inside && depth == 0 => return Some(names),
            ':' if inside && depth == 1 && !word.starts_with(':') => {
                let name = word.trim().trim_start_matches("mut ").trim();
                names.extend(Some(name).filter(|name| !name.is_empty() && !name.starts_with('_')).map(str::to_owned));
                // The rest of the argument is its type.
                word = ":".to_owned();
            }
            ',' if inside && depth == 1 => word.clear(),
            c if !word.starts_with(':') => word.push(c),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use course::CHAPTERS;

    #[test]
    fn a_marked_body_becomes_a_todo_with_its_arguments() {
        let source = "/// Enters.\npub fn enter(rootfs: &std::Path, mut f: impl Fn(u8, u8) -> u8) -> Result<()> {\n    // ANCHOR: enter\n    chroot(rootfs)\n    // ANCHOR_END: enter\n}\n";
        let starter = make(&CHAPTERS[0], source).unwrap();
        assert_eq!(
            starter,
            "/// Enters.\npub fn enter(rootfs: &std::Path, mut f: impl Fn(u8, u8) -> u8) -> Result<()> {\n    // ANCHOR: enter\n    let _ = (&rootfs, &f); // what you have to work with\n    todo!(\"ch1 step 4: enter the new root\")\n    // ANCHOR_END: enter\n}\n"
        );
    }

    #[test]
    fn other_anchors_and_a_missing_end_are_told_apart() {
        let kept = "// ANCHOR: picture\nfn f() {}\n// ANCHOR_END: picture\n";
        assert_eq!(make(&CHAPTERS[0], kept).unwrap(), kept);
        assert!(make(&CHAPTERS[0], "fn enter() {\n// ANCHOR: enter\n}\n").unwrap_err().contains("line 2"));
    }
}
