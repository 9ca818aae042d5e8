//! What the book promises its readers, checked: see each part.

mod chapters;
mod code;
mod consoles;
mod course_table;
mod glossary;
mod links;
mod prose;

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};
use crate::front;
use crate::page::Page;
use crate::preprocess::quiz;
use crate::render;

/// A source page of the book.
pub struct Source {
    /// The file's name below `book/`.
    pub name: String,
    pub text: String,
    pub page: Page,
}

/// A list of what is wrong, each with the place where.
#[derive(Default)]
pub struct Faults(Vec<String>);

impl Faults {
    pub fn add(&mut self, place: impl std::fmt::Display, fault: impl std::fmt::Display) {
        self.0.push(format!("{place}: {fault}"));
    }
}

/// Builds the book and checks sources and pages. Prints the prose measures, then
/// every fault.
pub fn lint(root: &Path) -> Result<()> {
    let pages = render::build(root)?;
    let sources = sources(&root.join("book"))?;
    let mut faults = Faults::default();

    code::check(root, &sources, &mut faults);
    consoles::check(root, &sources, &mut faults);
    course_table::check(root, &sources, &mut faults);
    prose::check(&sources, &mut faults);
    glossary::check(&sources, &mut faults);
    chapters::check(root, &sources, &render::contents(root)?, &mut faults)?;
    let links = links::check(&pages, &mut faults)?;
    own_weight(root, &mut faults)?;

    println!("{} pages, {links} local links followed", sources.len());
    if faults.0.is_empty() {
        return Ok(());
    }
    for fault in &faults.0 {
        eprintln!("{fault}");
    }
    Err(Failure::new(match faults.0.len() {
        1 => "1 fault in the book".to_owned(),
        count => format!("{count} faults in the book"),
    }))
}

fn sources(directory: &Path) -> Result<Vec<Source>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(directory)
        .map_err(Failure::io("list", directory))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    paths.sort();
    paths.iter().map(|path| source(path)).collect()
}

fn source(path: &Path) -> Result<Source> {
    let text = fs::read_to_string(path).map_err(Failure::io("read", path))?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let body = quiz::plain(&front::blanked(&text)?);
    Ok(Source { page: Page::parse(&body), name, text })
}

/// Our own style and script stay small: a page is text first.
fn own_weight(root: &Path, faults: &mut Faults) -> Result<()> {
    for (name, limit) in [("book/theme/galley.css", 10 * 1024), ("book/theme/galley.js", 12 * 1024)] {
        let path = root.join(name);
        let size = fs::metadata(&path).map_err(Failure::io("read", &path))?.len();
        if size > limit {
            faults.add(name, format_args!("{size} bytes; at most {limit}"));
        }
    }
    Ok(())
}
