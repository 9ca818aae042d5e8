//! What stands below a page's title: the reading path, the times, and for a chapter
//! the box "You will be able to" with the command that begins it.

use std::fmt::Write;

use anyhow::{Context, Result};
use course::Chapter;

use super::times::duration;
use crate::contents::{Contents, Entry};
use crate::front::Path;
use crate::inline;

/// Puts the head of a page below its title.
pub fn insert(contents: &Contents, entry: &Entry, body: &str) -> Result<String> {
    let title = body.find("# ").filter(|at| body[..*at].trim().is_empty());
    let start = title.context("the page does not begin with its title, '# …'")?;
    let end = body[start..].find('\n').map_or(body.len(), |length| start + length + 1);
    let goals = match entry.chapter() {
        Some(chapter) => goals(contents, entry, chapter, body)?,
        None => String::new(),
    };
    // For the search only.
    let keywords = match entry.front.keywords.as_slice() {
        [] => String::new(),
        words => format!("<p hidden>{}</p>\n", inline::escape(&words.join(", "))),
    };
    Ok(format!("{}\n{}{keywords}\n{goals}\n{}", &body[..end], line(contents, entry), &body[end..]))
}

/// The line below the title of every page.
fn line(contents: &Contents, entry: &Entry) -> String {
    let mark = |words: &str, class: &str| format!("<span class=\"path {class}\">{words}</span>");
    let mut parts = match entry.front.path {
        Path::Use => vec![mark("use it", "use")],
        Path::Build => vec![mark("build it", "build")],
        Path::Both => vec![mark("use it", "use"), mark("build it", "build")],
    };
    let path = contents.use_path();
    if let Some(at) = path.iter().position(|page| page.file == entry.file) {
        parts.push(format!("<span>page {} of {} to use it</span>", at + 1, path.len()));
    }
    for (minutes, purpose) in [(entry.front.read, "read"), (entry.front.exercise, "do")] {
        if minutes > 0 {
            parts.push(format!("<span>{} to {purpose}</span>", duration(minutes)));
        }
    }
    format!("<p class=\"meta\">{}</p>\n", parts.join(" "))
}

/// The box of a chapter.
fn goals(contents: &Contents, entry: &Entry, chapter: &Chapter, body: &str) -> Result<String> {
    // Not a region: the print page has one box per chapter, and landmarks need
    // names of their own.
    let mut html = String::from("<div class=\"goals\">\n");
    html += "<p><strong>You will be able to</strong></p>\n<ul>\n";
    for objective in &entry.front.objectives {
        let _ = writeln!(html, "<li>{}</li>", inline::html(objective));
    }
    html += "</ul>\n";
    let needs = needs(contents, entry)?;
    if !needs.is_empty() {
        let _ = writeln!(html, "<p>First: {}.</p>", needs.join(", "));
    }
    let id = chapter.id();
    let _ = writeln!(html, "<p>Begin here: <code>cargo xtask start {id}</code></p>");
    let _ = write!(html, "<p class=\"steps\" data-chapter=\"{id}\"><span>Steps:</span>");
    for (index, step) in chapter.steps.iter().enumerate() {
        let number = index + 1;
        let link =
            heading(body, number).with_context(|| format!("no heading 'Step {number}: …' for '{}'", step.goal))?;
        let _ = write!(
            html,
            " <a href=\"#{link}\" data-step=\"{number}\" title=\"{goal}\" aria-label=\"Step {number}: {goal}\">{number}</a>",
            goal = inline::escape(step.goal)
        );
    }
    html += "</p>\n</div>\n";
    Ok(html)
}

fn needs(contents: &Contents, entry: &Entry) -> Result<Vec<String>> {
    let page = |id: &String| {
        let chapter = course::CHAPTERS.iter().find(|chapter| chapter.id() == *id);
        let page = chapter.and_then(|chapter| contents.find(&chapter.page()));
        let page = page.with_context(|| format!("it needs '{id}', which is not a chapter"))?;
        Ok(format!("<a href=\"{}\">{}</a>", page.link(), inline::escape(&page.title)))
    };
    entry.front.needs.iter().map(page).collect()
}

/// The id that mdBook gives to the heading of a step.
fn heading(body: &str, step: usize) -> Option<String> {
    let mark = format!("Step {step}:");
    let headings = body.lines().filter(|line| line.starts_with("##"));
    let title = headings.map(|line| line.trim_start_matches('#').trim()).find(|title| title.starts_with(&mark))?;
    let id = title.chars().filter_map(|character| match character {
        ' ' => Some('-'),
        other if other.is_alphanumeric() || matches!(other, '-' | '_') => Some(other.to_ascii_lowercase()),
        _ => None,
    });
    Some(id.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steps_heading_is_found_as_mdbook_names_it() {
        let body = "# T\n## Step 1: read `a-b`, twice\n### Step 2: go\n";
        assert_eq!(heading(body, 1).as_deref(), Some("step-1-read-a-b-twice"));
        assert_eq!(heading(body, 3), None);
    }
}
