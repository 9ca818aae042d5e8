//! What happens to a page before mdBook renders it: front matter comes off, what
//! it says is shown below the title, and figures are put in their places.
//!
//! The step runs inside `cargo xtask book`. A plain `mdbook build` starts it as a
//! program of its own, which reads the book as JSON and writes it back
//! (<https://rust-lang.github.io/mdBook/for_developers/preprocessors.html>).

use std::io;
use std::path::Path;

use mdbook_driver::book::{Book, BookItem, Chapter};
use mdbook_driver::errors::Result as BookResult;
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use crate::contents::{Contents, Entry};
use crate::failure::{Failure, Result};
use crate::{figures, front, starter};

pub mod guide;
mod head;
pub mod inline;
mod notes;
pub mod quiz;
pub mod schedule;

/// The step, under the name that book.toml has for it.
pub struct Pages;

impl Preprocessor for Pages {
    fn name(&self) -> &str {
        "galley"
    }

    fn run(&self, context: &PreprocessorContext, mut book: Book) -> BookResult<Book> {
        let sources = context.root.join(&context.config.book.src);
        let contents = Contents::of(&book)?;
        let mut fault = None;
        book.for_each_mut(|item| {
            if let BookItem::Chapter(chapter) = item
                && let Err(failure) = prepare(&sources, &contents, chapter)
            {
                fault.get_or_insert(failure);
            }
        });
        fault.map_or(Ok(book), |failure| Err(failure.into()))
    }
}

/// The page as mdBook is to render it.
fn prepare(sources: &Path, contents: &Contents, chapter: &mut Chapter) -> Result<()> {
    let Some(file) = chapter.source_path.as_ref().map(|path| path.display().to_string()) else { return Ok(()) };
    let place = |failure: Failure| Failure::new(format!("book/{file}: {failure}"));
    let (_, body) = front::split(&chapter.content).map_err(place)?;
    let Some(entry) = contents.find(&file) else { return Ok(()) };
    chapter.content = page(sources, contents, entry, body).map_err(place)?;
    Ok(())
}

fn page(sources: &Path, contents: &Contents, entry: &Entry, body: &str) -> Result<String> {
    let body = head::insert(contents, entry, body)?;
    let body = generated(contents, &body)?;
    let body = starter::expand(sources, &body)?;
    let body = figures::expand(sources, &notes::render(&quiz::render(&body)))?;
    Ok(body + &guide::foot(contents, entry))
}

/// Puts lists and schedules where a line asks for them.
fn generated(contents: &Contents, body: &str) -> Result<String> {
    let mut page = String::with_capacity(body.len());
    for line in body.split_inclusive('\n') {
        match line.trim() {
            guide::MARK => page += &guide::list(contents),
            asked => match schedule::name(asked) {
                Some(name) => page += &schedule::table(contents, name)?,
                None => page += line,
            },
        }
    }
    Ok(page)
}

/// The step as a program: the book comes on standard input.
pub fn run() -> Result<()> {
    let (context, book) = mdbook_preprocessor::parse_input(io::stdin().lock()).map_err(of_mdbook)?;
    let book = Pages.run(&context, book).map_err(of_mdbook)?;
    serde_json::to_writer(io::stdout().lock(), &book)
        .map_err(|error| Failure::new(format!("cannot write the book to standard output: {error}")))
}

fn of_mdbook(error: mdbook_driver::errors::Error) -> Failure {
    Failure::new(format!("{error:#}"))
}
