//! The book's tool: builds the book, serves it while it is being written, and
//! checks what no compiler does.
//!
//! - [`render`] builds with mdBook as a library; [`theme`] mends its template, and
//!   [`site`] tells search engines of the pages.
//! - [`preprocess`] is done to each page before: [`front`] matter, [`figures`].
//! - [`serve`] is a static server that builds again when a source changes.
//! - [`lint`] reads the sources ([`page`]) and the built pages: code from
//!   compiled trees only, links that resolve, prose within its budget.
//! - [`browser`] opens every page in headless Chromium, which [`pdf`] prints with.

mod browser;
mod contents;
mod failure;
mod figures;
mod front;
mod lint;
mod page;
mod pdf;
mod preprocess;
mod render;
mod serve;
mod site;
mod starter;
mod theme;
mod warnings;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use failure::{Failure, Result};

const USAGE: &str = "\
usage: book-tool [build]           builds into target/book
       book-tool serve [--port N] [--open]    or: --serve, --open
       book-tool lint              checks sources and pages
       book-tool browser           opens every page in headless Chromium
       book-tool pdf               prints the book into target/galley.pdf
       book-tool preprocess [supports RENDERER]    called by a plain mdbook build

--root DIR is the repository; without it, the nearest directory upward that
holds a book.toml. Exit codes: 0 done; 1 a fault; 2 usage; 3 this machine lacks
what is needed.";

/// What to do.
#[derive(Clone, Copy, PartialEq)]
enum Action {
    Build,
    Serve,
    Lint,
    Browser,
    Pdf,
    Preprocess,
    Help,
}

/// What the command line asked for.
#[derive(Default)]
struct Options {
    action: Option<Action>,
    root: Option<PathBuf>,
    port: Option<u16>,
    open: bool,
    /// mdBook asks whether a renderer's pages can be prepared, and nothing else.
    asked: bool,
}

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(failure) => {
            eprintln!("book-tool: {failure}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match root(&options).and_then(|root| perform(&options, &root)) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("book-tool: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn perform(options: &Options, root: &Path) -> Result<ExitCode> {
    match options.action.unwrap_or(Action::Build) {
        Action::Build => build(root)?,
        Action::Serve => serve::serve(root, options.port.unwrap_or(3000), options.open)?,
        Action::Lint => lint::lint(root)?,
        // HTML is put into the Markdown, which only an HTML renderer can show.
        Action::Preprocess if options.asked => {}
        Action::Preprocess => preprocess::run()?,
        Action::Browser => return code(browser::check(root)?),
        Action::Pdf => return code(browser::print(root)?),
        Action::Help => println!("{USAGE}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn code(outcome: browser::Outcome) -> Result<ExitCode> {
    match outcome {
        browser::Outcome::Passed => Ok(ExitCode::SUCCESS),
        browser::Outcome::Failed => Err(Failure::new("the pages have the faults above")),
        browser::Outcome::Unable(why) => {
            eprintln!("book-tool: the pages were not opened in a browser: {why}");
            Ok(ExitCode::from(3))
        }
    }
}

fn build(root: &Path) -> Result<()> {
    let started = std::time::Instant::now();
    let built = render::build(root)?;
    println!("{} built in {:.1} s", built.display(), started.elapsed().as_secs_f64());
    Ok(())
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options> {
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| Failure::new(format!("{argument} needs a value")));
        match argument.as_str() {
            "build" => options.action = Some(Action::Build),
            "serve" | "--serve" => options.action = Some(Action::Serve),
            "lint" => options.action = Some(Action::Lint),
            "browser" => options.action = Some(Action::Browser),
            "pdf" => options.action = Some(Action::Pdf),
            "help" | "--help" | "-h" => options.action = Some(Action::Help),
            "preprocess" => options.action = Some(Action::Preprocess),
            "supports" if options.action == Some(Action::Preprocess) => {
                let renderer = value()?;
                if renderer != "html" {
                    return Err(Failure::new(format!("pages are not prepared for '{renderer}'")));
                }
                options.asked = true;
            }
            "--root" => options.root = Some(PathBuf::from(value()?)),
            "--port" => {
                let text = value()?;
                let port = text.parse().map_err(|_| Failure::new(format!("'{text}' is no port number")))?;
                options.port = Some(port);
            }
            // Whoever wants it opened wants it served.
            "--open" => (options.open, options.action) = (true, Some(Action::Serve)),
            other => return Err(Failure::new(format!("cannot do '{other}'"))),
        }
    }
    Ok(options)
}

/// The repository's root: the one given, or the nearest with a book.toml.
fn root(options: &Options) -> Result<PathBuf> {
    let start = match &options.root {
        Some(root) => root.clone(),
        None => std::env::current_dir().map_err(|error| Failure::new(format!("no current directory: {error}")))?,
    };
    let found = start.ancestors().find(|directory| directory.join("book.toml").is_file());
    match found {
        Some(directory) if options.root.is_none() || directory == start => Ok(directory.to_owned()),
        _ => Err(Failure::new(format!("no book.toml in {}", start.display()))),
    }
}
