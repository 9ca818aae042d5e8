//! A step's function before and after, for `demo --code`.

use course::Chapter;

use super::event::Event;
use xtask::error::{Error, Result};
use xtask::repo::{Repo, Tree};
use xtask::{files, starter};

/// Puts each step's code behind its heading.
pub fn insert(repo: &Repo, chapter: &'static Chapter, events: &mut Vec<Event>) -> Result<()> {
    let mut at = 0;
    while at < events.len() {
        if let Event::Heading { step: Some(number), .. } = &events[at]
            && let Some(step) = chapter.steps.get(number.saturating_sub(1))
            && let Some((before, after)) = of(repo, chapter, step.function)?
        {
            // The notes first: what is said introduces what is seen.
            while matches!(events.get(at + 1), Some(Event::Note { .. })) {
                at += 1;
            }
            at += 1;
            events.insert(at, Event::Code { before, after });
        }
        at += 1;
    }
    Ok(())
}

fn of(repo: &Repo, chapter: &Chapter, function: &str) -> Result<Option<(String, String)>> {
    let source = repo.source(Tree::Solutions, chapter);
    for file in files::list(&source)? {
        let path = source.join(file);
        let solution = files::read(&path)?;
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
