//! What the book promises its readers, checked: see each part.

mod chapters;
mod code;
mod consoles;
mod course_table;
mod diagnostics;
mod glossary;
mod links;
mod prose;
mod source;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::render;
use diagnostics::Diagnostics;

/// Builds the book, checks sources and pages, and prints every fault. With `report`,
/// prints the measures of prose, too.
pub fn lint(root: &Path, report: bool) -> Result<()> {
    let sources = source::read_all(&root.join("book"))?;
    if report {
        print!("{}", prose::report(&sources));
    }
    let mut found = Diagnostics::default();
    code::check(root, &sources, &mut found);
    consoles::check(root, &sources, &mut found);
    course_table::check(root, &sources, &mut found);
    prose::check(&sources, &mut found);
    glossary::check(&sources, &mut found);
    chapters::check(root, &sources, &render::contents(root)?, &mut found)?;
    check_weight(root, &mut found)?;
    // Sources with a fault may not build; the others are checked all the same.
    let links = match render::build(root) {
        Ok(pages) => links::check(&pages, &mut found)?,
        Err(error) => {
            found.add("the book", format_args!("cannot be built: {error:#}"));
            0
        }
    };
    println!("{} pages, {links} local links followed", sources.len());
    for diagnostic in &found.0 {
        eprintln!("{diagnostic}");
    }
    match found.0.len() {
        0 => Ok(()),
        1 => bail!("1 fault in the book"),
        count => bail!("{count} faults in the book"),
    }
}

/// Our own style and script stay small: a page is text first.
fn check_weight(root: &Path, found: &mut Diagnostics) -> Result<()> {
    for (name, limit) in [("book/theme/galley.css", 10 * 1024), ("book/theme/galley.js", 12 * 1024)] {
        let size = fs::metadata(root.join(name)).with_context(|| format!("cannot read {name}"))?.len();
        if size > limit {
            found.add(name, format_args!("{size} bytes; at most {limit}"));
        }
    }
    Ok(())
}
