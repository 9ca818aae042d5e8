//! The book's tool: builds the book, serves it while it is being written, and
//! checks what no compiler does.
//!
//! - [`render`] builds with mdBook as a library; [`theme`] mends its template.
//! - [`serve`] is a static server that builds again when a source changes.
//! - [`lint`] reads the sources ([`page`]) and the built pages: code from
//!   compiled trees only, links that resolve, prose within its budget.
//! - [`browser`] opens every page in headless Chromium.

mod browser;
mod failure;
mod lint;
mod page;
mod render;
mod serve;
mod theme;
mod warnings;

use std::path::PathBuf;
use std::process::ExitCode;

use failure::{Failure, Result};

const USAGE: &str = "\
usage: book-tool build [--root DIR]
       book-tool serve [--root DIR] [--port N] [--open]
       book-tool lint  [--root DIR]
       book-tool browser [--root DIR]

Without --root, the nearest directory upward that holds a book.toml is taken.
Exit codes: 0 done; 1 a fault; 2 usage; 3 this machine lacks what is needed.";

/// What the command line asked for.
#[derive(Default)]
struct Options {
    root: Option<PathBuf>,
    port: Option<u16>,
    open: bool,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let outcome = match (command.as_str(), options(arguments)) {
        (_, Err(failure)) => return usage(&failure.to_string()),
        ("build", Ok(options)) => root(&options).and_then(|root| build(&root)),
        ("serve", Ok(options)) => {
            root(&options).and_then(|root| serve::serve(&root, options.port.unwrap_or(3000), options.open))
        }
        ("lint", Ok(options)) => root(&options).and_then(|root| lint::lint(&root)),
        ("browser", Ok(options)) => match root(&options).and_then(|root| browser::check(&root)) {
            Ok(browser::Outcome::Passed) => Ok(()),
            Ok(browser::Outcome::Failed) => Err(Failure::new("the pages have the faults above")),
            Ok(browser::Outcome::Unable(why)) => {
                eprintln!("book-tool: the pages were not opened in a browser: {why}");
                return ExitCode::from(3);
            }
            Err(failure) => Err(failure),
        },
        (other, Ok(_)) => return usage(&format!("unknown command '{other}'")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("book-tool: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn build(root: &std::path::Path) -> Result<()> {
    let started = std::time::Instant::now();
    let built = render::build(root)?;
    println!("{} built in {:.1} s", built.display(), started.elapsed().as_secs_f64());
    Ok(())
}

fn usage(problem: &str) -> ExitCode {
    eprintln!("book-tool: {problem}\n{USAGE}");
    ExitCode::from(2)
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options> {
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| Failure::new(format!("{argument} needs a value")));
        match argument.as_str() {
            "--root" => options.root = Some(PathBuf::from(value()?)),
            "--port" => {
                let text = value()?;
                let port = text.parse().map_err(|_| Failure::new(format!("'{text}' is no port number")))?;
                options.port = Some(port);
            }
            "--open" => options.open = true,
            other => return Err(Failure::new(format!("unknown option '{other}'"))),
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
