//! One build of the book, with mdBook as a library.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use mdbook_driver::MDBook;
use mdbook_driver::config::Config;

use crate::contents::Contents;
use crate::{files, preprocess, site, theme, warnings};

/// Builds the book of `root` and returns the directory with the pages. A warning
/// from mdBook is a failure.
pub fn build(root: &Path) -> Result<PathBuf> {
    warnings::listen();
    warnings::take_count();
    let root = root.canonicalize().with_context(|| format!("cannot find {}", root.display()))?;
    let theme = theme::prepare(&root.join("target/book-theme"))?;

    let mut config = Config::from_disk(root.join("book.toml"))?;
    config.update_from_env()?;
    config.set("output.html.theme", &theme)?;
    let mut book = MDBook::load_with_config(&root, config)?;
    // In the place of the command that book.toml names for it.
    book.with_preprocessor(preprocess::Pages);
    book.build()?;

    let count = warnings::take_count();
    ensure!(count == 0, "mdBook gave {count} of the warnings above");
    let pages = book.build_dir_for("html");
    let contents = pages.join("toc.html");
    files::write(&contents, theme::edit_contents_page(&files::read(&contents)?)?)?;
    site::describe(&book, &pages)?;
    Ok(pages)
}

/// The pages as SUMMARY.md lists them, without building anything.
pub fn contents(root: &Path) -> Result<Contents> {
    Contents::of(&MDBook::load(root)?.book)
}
