//! A step's function before and after, for `demo --code`.

use std::fs;

use course::Chapter;

use super::cue::Cue;
use crate::error::{Error, Result};
use crate::starter;
use crate::tree::{Side, Tree, files};

/// Puts each step's code behind its heading.
pub fn insert(tree: &Tree, chapter: &'static Chapter, cues: &mut Vec<Cue>) -> Result<()> {
    let mut at = 0;
    while at < cues.len() {
        if let Cue::Heading { step: Some(number), .. } = &cues[at]
            && let Some(step) = chapter.steps.get(number.saturating_sub(1))
            && let Some((before, after)) = of(tree, chapter, step.function)?
        {
            // The notes first: what is said introduces what is seen.
            while matches!(cues.get(at + 1), Some(Cue::Note { .. })) {
                at += 1;
            }
            at += 1;
            cues.insert(at, Cue::Code { before, after });
        }
        at += 1;
    }
    Ok(())
}

fn of(tree: &Tree, chapter: &Chapter, function: &str) -> Result<Option<(String, String)>> {
    let source = tree.chapter(Side::Reference, chapter).join("src");
    for file in files(&source)? {
        let path = source.join(file);
        let solution = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
        if let Some(after) = cut(&solution, function) {
            let starter = starter::make(chapter, &solution).map_err(Error::Failed)?;
            return Ok(Some((cut(&starter, function).unwrap_or_default(), after)));
        }
    }
    Ok(None)
}

/// The function around the mark of its name, without the marks.
fn cut(source: &str, function: &str) -> Option<String> {
    let lines: Vec<&str> = source.lines().collect();
    let mark = lines.iter().position(|line| line.trim() == format!("// ANCHOR: {function}"))?;
    let start = lines[..mark].iter().rposition(|line| line.contains(&format!("fn {function}")))?;
    let end = mark + lines[mark..].iter().position(|line| line.trim() == format!("// ANCHOR_END: {function}"))?;
    let kept =
        lines[start..=(end + 1).min(lines.len() - 1)].iter().filter(|line| !line.trim().starts_with("// ANCHOR"));
    Some(kept.map(|line| format!("{line}\n")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_cut_out_without_its_marks() {
        let source = "fn a() {}\n/// Doc.\npub fn enter(\n    x: u8,\n) {\n    // ANCHOR: enter\n    y()\n    // ANCHOR_END: enter\n}\nfn b() {}\n";
        assert_eq!(cut(source, "enter").as_deref(), Some("pub fn enter(\n    x: u8,\n) {\n    y()\n}\n"));
    }
}
