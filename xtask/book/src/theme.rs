//! The stock template with its accessibility faults corrected.
//!
//! mdBook writes out its own template, and the edits below are made to it. Each
//! must match exactly once, so that an mdBook with another template stops the build
//! instead of silently bringing a fault back. The repository holds no copy of it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use mdbook_driver::MDBook;
use serde::Deserialize;

use crate::files;

/// The edits, as `template.toml` has them.
#[derive(Deserialize)]
struct Edits {
    page: Vec<Edit>,
    contents_page: Vec<Edit>,
}

/// An exact text of a template, its replacement, and the fault that this corrects.
#[derive(Deserialize)]
struct Edit {
    fault: String,
    old: String,
    new: String,
}

fn edits() -> Result<Edits> {
    toml::from_str(include_str!("../template.toml")).context("xtask/book/template.toml")
}

/// Stands where mdBook has 230 KiB of web fonts. A reader's own system has
/// good fonts, and they are there at once.
const FONTS: &str = r#"html { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; }
:root { --mono-font: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; }
"#;

/// Lets mdBook write its template below `scratch`, edits it, and returns its directory.
pub fn prepare(scratch: &Path) -> Result<PathBuf> {
    if scratch.exists() {
        fs::remove_dir_all(scratch).with_context(|| format!("cannot remove {}", scratch.display()))?;
    }
    MDBook::init(scratch).copy_theme(true).build()?;
    let theme = scratch.join("theme");
    let index = theme.join("index.hbs");
    files::write(&index, replace_all(&files::read(&index)?, &edits()?.page)?)?;

    let fonts = theme.join("fonts");
    for path in files::walk(&fonts)? {
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    files::write(&fonts.join("fonts.css"), FONTS)?;
    Ok(theme)
}

/// The page of the table of contents, which readers without script open, with its edits.
pub fn edit_contents_page(html: &str) -> Result<String> {
    replace_all(html, &edits()?.contents_page)
}

/// Makes every edit; each must match exactly once.
fn replace_all(text: &str, edits: &[Edit]) -> Result<String> {
    let mut text = text.to_owned();
    for edit in edits {
        let matches = text.matches(&edit.old).count();
        ensure!(
            matches == 1,
            "the edit of mdBook's template against '{}' matches {matches} times, not once; \
             compare it with the template of the mdBook in use",
            edit.fault
        );
        text = text.replacen(&edit.old, &edit.new, 1);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str) -> Result<String> {
        replace_all(text, &[Edit { fault: "one is not two".into(), old: "one".into(), new: "two".into() }])
    }

    #[test]
    fn an_edit_that_matches_once_is_made() {
        assert_eq!(edited("one three").expect("one match"), "two three");
    }

    #[test]
    fn an_edit_that_matches_never_or_twice_stops_the_build() {
        assert!(edited("three").is_err());
        assert!(edited("one one").is_err());
    }
}
