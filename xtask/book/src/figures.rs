//! Figures: `{{#figure NAME}}`, alone on a line, becomes the figure that
//! `book/figures/NAME/` describes.

mod cache;
mod conversation;
mod dials;
mod html;
mod layers;
mod pivot;
mod push;
mod sheet;
mod svg;
mod timeline;
mod walls;

use std::path::Path;

use crate::failure::{Failure, Result};
use sheet::Sheet;

/// Puts every figure of a page in its place. `book` is the directory of sources.
pub fn expand(book: &Path, markdown: &str) -> Result<String> {
    let mut fence: Option<&str> = None;
    let mut page = String::with_capacity(markdown.len());
    for line in markdown.split_inclusive('\n') {
        let text = line.trim();
        match fence {
            Some(mark) if text.starts_with(mark) => fence = None,
            None => fence = ["```", "~~~"].into_iter().find(|mark| text.starts_with(mark)),
            Some(_) => {}
        }
        match name(text) {
            Some(name) if fence.is_none() => page += &placed(book, name, markdown)?,
            _ => page += line,
        }
    }
    Ok(page)
}

/// The figure that a line asks for.
pub fn name(line: &str) -> Option<&str> {
    line.strip_prefix("{{#figure ")?.strip_suffix("}}").map(str::trim)
}

/// A figure as a block of its own. An empty line would end the block, and the
/// rest would be read as Markdown.
fn placed(book: &Path, name: &str, page: &str) -> Result<String> {
    let html = html(book, name, page)?;
    if html.lines().any(|line| line.trim().is_empty()) {
        return Err(Failure::new(format!("figure '{name}': an empty line in its HTML")));
    }
    Ok(format!("\n{}\n\n", html.trim_end()))
}

/// The figure's static HTML: every frame is in it, and script only chooses which
/// one is shown. `page` is the page that it stands on.
fn html(book: &Path, name: &str, page: &str) -> Result<String> {
    let directory = book.join("figures").join(name);
    if !directory.is_dir() {
        return Err(Failure::new(format!("no figure '{name}': {} is missing", directory.display())));
    }
    let sheet = Sheet::open(book, name)?;
    match name {
        "cache" => cache::draw(&sheet),
        "conversation" => conversation::draw(&sheet),
        "dials" => dials::draw(&sheet),
        "layers" => layers::draw(&sheet),
        "pivot" => pivot::draw(&sheet),
        "push" => push::draw(&sheet),
        "timeline" => timeline::draw(&sheet, page),
        "walls" => walls::draw(&sheet),
        _ => Err(Failure::new(format!("nothing draws figure '{name}'"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_asked_for_alone_on_a_line_outside_code() {
        assert_eq!(name("{{#figure walls}}"), Some("walls"));
        assert_eq!(name("see {{#figure walls}}"), None);
        let page = "a\n```text\n{{#figure walls}}\n```\nb\n";
        assert_eq!(expand(Path::new("/nowhere"), page).expect("code is left alone"), page);
        assert!(expand(Path::new("/nowhere"), "{{#figure walls}}\n").is_err());
    }
}
