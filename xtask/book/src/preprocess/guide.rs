//! The shorter path through the book: `{{#path use}}` lists its pages with their
//! times, and the foot of each of them links to the next.

use std::fmt::Write;

use super::times::duration;
use crate::contents::{Contents, Entry};

/// The list, as Markdown.
pub fn list(contents: &Contents) -> String {
    let (mut text, mut total) = (String::new(), 0);
    for (index, page) in contents.use_path().iter().enumerate() {
        let minutes = page.front.read + page.front.exercise;
        total += minutes;
        let _ = writeln!(text, "{}. [{}]({}), {}", index + 1, page.title, page.file, duration(minutes));
    }
    let _ = writeln!(text, "\nThat is {} in all.", duration(total));
    text
}

/// The foot of a page on the shorter path; empty on others.
pub fn foot(contents: &Contents, entry: &Entry) -> String {
    let path = contents.use_path();
    let Some(at) = path.iter().position(|page| page.file == entry.file) else { return String::new() };
    let link = |page: &Entry, words: &str| format!("<a href=\"{}\">{words}{}</a>", page.link(), page.title);
    let next = match path.get(at + 1) {
        Some(next) => link(next, "Next to use it: "),
        None => {
            let first = contents.0.iter().find(|page| page.chapter().is_some());
            let chapter = first.map(|page| format!(" To build it, go on with {}.", link(page, "")));
            format!("This path ends here.{}", chapter.unwrap_or_default())
        }
    };
    format!("\n\n<p class=\"meta onward\"><span class=\"path use\">use it</span> {next}</p>\n")
}
