//! One build of the book, with mdBook as a library.

use std::fs;
use std::path::{Path, PathBuf};

use mdbook_driver::MDBook;
use mdbook_driver::config::Config;
use mdbook_driver::errors::Error;

use crate::contents::Contents;
use crate::failure::{Failure, Result};
use crate::{preprocess, site, theme, warnings};

/// Builds the book of `root`; returns the directory with the pages. A warning
/// of mdBook's is a failure.
pub fn build(root: &Path) -> Result<PathBuf> {
    warnings::listen();
    warnings::take();
    let root = root.canonicalize().map_err(Failure::io("find", root))?;
    let theme = theme::prepare(&root.join("target/book-theme"))?;

    let mut config = Config::from_disk(root.join("book.toml")).map_err(of_mdbook)?;
    config.update_from_env().map_err(of_mdbook)?;
    config.set("output.html.theme", &theme).map_err(of_mdbook)?;
    let mut book = MDBook::load_with_config(&root, config).map_err(of_mdbook)?;
    // In the place of the command that book.toml names for it.
    book.with_preprocessor(preprocess::Pages);
    book.build().map_err(of_mdbook)?;

    match warnings::take() {
        0 => {}
        1 => return Err(Failure::new("mdBook gave a warning, shown above")),
        count => return Err(Failure::new(format!("mdBook gave {count} warnings, shown above"))),
    }
    let pages = book.build_dir_for("html");
    mend_contents_page(&pages.join("toc.html"))?;
    site::tell(&book, &pages)?;
    Ok(pages)
}

/// The pages as SUMMARY.md lists them, without building anything.
pub fn contents(root: &Path) -> Result<Contents> {
    Contents::of(&MDBook::load(root).map_err(of_mdbook)?.book)
}

/// The table of contents as a page of its own is what a reader without script
/// opens: it needs a title, a heading and a landmark.
fn mend_contents_page(path: &Path) -> Result<()> {
    let page = fs::read_to_string(path).map_err(Failure::io("read", path))?;
    let page = theme::replace_all(&page, theme::CONTENTS_PAGE)?;
    fs::write(path, page).map_err(Failure::io("write", path))
}

/// mdBook's errors carry their causes; all of them are shown.
fn of_mdbook(error: Error) -> Failure {
    Failure::new(format!("{error:#}"))
}
