//! What happens to a page before mdBook renders it: front matter comes off, what it
//! says is shown below the title, and each directive, alone on its line, is replaced
//! by what it names.
//!
//! The step runs inside `cargo xtask book`. A plain `mdbook build` starts it as a
//! program of its own, which reads the book as JSON and writes it back
//! (<https://rust-lang.github.io/mdBook/for_developers/preprocessors.html>).

use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use mdbook_driver::book::{Book, BookItem, Chapter};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use crate::contents::{Contents, Entry};
use crate::{figures, front};

mod guide;
mod head;
mod lines;
mod notes;
pub mod quiz;
pub mod schedule;
pub mod starter;
mod times;

/// The step, under the name that book.toml has for it.
pub struct Pages;

impl Preprocessor for Pages {
    fn name(&self) -> &str {
        "galley"
    }

    fn run(&self, context: &PreprocessorContext, mut book: Book) -> Result<Book> {
        let sources = context.root.join(&context.config.book.src);
        let contents = Contents::of(&book)?;
        let mut first = None;
        book.for_each_mut(|item| {
            if let BookItem::Chapter(chapter) = item
                && let Err(error) = prepare(&sources, &contents, chapter)
            {
                first.get_or_insert(error);
            }
        });
        first.map_or(Ok(book), Err)
    }
}

/// The step as a program: the book comes on standard input.
pub fn run() -> Result<()> {
    let (context, book) = mdbook_preprocessor::parse_input(io::stdin().lock())?;
    let book = Pages.run(&context, book)?;
    serde_json::to_writer(io::stdout().lock(), &book).context("cannot write the book to standard output")
}

/// Replaces a page's source by the page that mdBook is to render.
fn prepare(sources: &Path, contents: &Contents, chapter: &mut Chapter) -> Result<()> {
    let Some(file) = chapter.source_path.as_ref().map(|path| path.display().to_string()) else { return Ok(()) };
    let Some(entry) = contents.find(&file) else { return Ok(()) };
    let (_, body) = front::split(&chapter.content)?;
    chapter.content = page(sources, contents, entry, body).with_context(|| format!("book/{file}"))?;
    Ok(())
}

fn page(sources: &Path, contents: &Contents, entry: &Entry, body: &str) -> Result<String> {
    let body = head::insert(contents, entry, body)?;
    let mut notes = notes::Notes::default();
    let page = lines::replace(&body, |line, in_code| {
        Ok(match lines::directive(line) {
            Some(("starter", function)) if in_code => Some(starter::show(sources, function)?),
            _ if in_code => None,
            Some(("path", "use")) => Some(guide::list(contents)),
            Some(("crates", "")) => Some(figures::crates(sources, &entry.file)?),
            Some(("support", "")) => Some(figures::support(sources)?),
            Some(("schedule", plan)) => Some(schedule::table(contents, plan)?),
            Some(("figure", name)) => Some(figures::place(sources, name, &body)?),
            _ => notes.line(line).or_else(|| quiz::line(line)),
        })
    })?;
    Ok(page + &guide::foot(contents, entry))
}
