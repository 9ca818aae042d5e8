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

use crate::failure::{Failure, Result};
use crate::{figures, front};

/// The step, under the name that book.toml has for it.
pub struct Pages;

impl Preprocessor for Pages {
    fn name(&self) -> &str {
        "galley"
    }

    fn run(&self, context: &PreprocessorContext, mut book: Book) -> BookResult<Book> {
        let sources = context.root.join(&context.config.book.src);
        let mut fault = None;
        book.for_each_mut(|item| {
            if let BookItem::Chapter(chapter) = item
                && let Err(failure) = prepare(&sources, chapter)
            {
                fault.get_or_insert(failure);
            }
        });
        fault.map_or(Ok(book), |failure| Err(failure.into()))
    }
}

/// The page as mdBook is to render it.
fn prepare(sources: &Path, chapter: &mut Chapter) -> Result<()> {
    let place = |failure: Failure| Failure::new(format!("{}: {failure}", chapter.name));
    let (_, body) = front::split(&chapter.content).map_err(place)?;
    let body = figures::expand(sources, body).map_err(place)?;
    chapter.content = body;
    Ok(())
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
