//! The book's tool: builds the book, serves it while it is being written, and
//! checks what no compiler does.
//!
//! - [`render`] builds with mdBook as a library; [`theme`] edits its template, and
//!   [`site`] writes descriptions for search engines.
//! - [`preprocess`] prepares each page: [`front`] matter, quizzes, [`figures`].
//! - [`serve`] is a static server that builds again when a source changes.
//! - [`lint`] reads the sources ([`page`]) and the built pages: code from
//!   compiled trees only, links that resolve, prose within its budget.
//! - [`browser`] opens every page in headless Chromium, and [`pdf`] prints with it.

mod browser;
mod contents;
mod figures;
mod files;
mod front;
mod inline;
mod lint;
mod page;
mod pdf;
mod preprocess;
mod render;
mod serve;
mod site;
mod theme;
mod warnings;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};

/// Builds, serves and checks the book.
///
/// Exit codes: 0 done; 1 a fault; 2 usage; 3 this machine lacks what is needed.
#[derive(Parser)]
#[command(name = "book-tool")]
struct Cli {
    #[command(subcommand)]
    action: Option<Action>,
    /// The repository [default: the nearest directory upward that holds a book.toml].
    #[arg(long, global = true, value_name = "DIR")]
    root: Option<PathBuf>,
    /// The same as `serve`.
    #[arg(long)]
    serve: bool,
    /// Opens a browser, and serves the book to it.
    #[arg(long, global = true)]
    open: bool,
    /// The port on localhost to serve on.
    #[arg(long, global = true, default_value_t = 3000)]
    port: u16,
}

#[derive(Clone, Subcommand)]
enum Action {
    /// Builds into target/book; this is the default.
    Build,
    /// Serves the book, and builds it again when a source changes.
    Serve,
    /// Checks sources and pages.
    Lint {
        /// Prints how long sentences are, and how hard to read, page by page.
        #[arg(long)]
        prose: bool,
    },
    /// Opens every page in headless Chromium.
    Browser,
    /// Prints the book into target/galley.pdf.
    Pdf,
    /// Prepares the pages of a plain `mdbook build`, which calls it.
    Preprocess {
        #[command(subcommand)]
        query: Option<Query>,
    },
}

/// mdBook asks whether the pages of a renderer can be prepared.
#[derive(Clone, Subcommand)]
enum Query {
    Supports { renderer: String },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match find_root(cli.root.as_deref()).and_then(|root| perform(&cli, &root)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("book-tool: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform(cli: &Cli, root: &Path) -> Result<ExitCode> {
    let default = if cli.serve || cli.open { Action::Serve } else { Action::Build };
    match cli.action.clone().unwrap_or(default) {
        Action::Build => build(root)?,
        Action::Serve => serve::serve(root, cli.port, cli.open)?,
        Action::Lint { prose } => lint::lint(root, prose)?,
        // HTML is put into the Markdown, which only an HTML renderer can show.
        Action::Preprocess { query: Some(Query::Supports { renderer }) } if renderer != "html" => {
            bail!("pages are prepared for the renderer 'html' only, not for '{renderer}'")
        }
        Action::Preprocess { query: Some(_) } => {}
        Action::Preprocess { query: None } => preprocess::run()?,
        Action::Browser => return exit_code(browser::check(root)?),
        Action::Pdf => return exit_code(browser::print(root)?),
    }
    Ok(ExitCode::SUCCESS)
}

fn exit_code(outcome: browser::Outcome) -> Result<ExitCode> {
    match outcome {
        browser::Outcome::Passed => Ok(ExitCode::SUCCESS),
        browser::Outcome::Failed => bail!("the browser found the faults above"),
        browser::Outcome::Unable(reason) => {
            eprintln!("book-tool: the pages were not opened in a browser: {reason}");
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

/// The repository's root: the one given, or the nearest upward with a book.toml.
fn find_root(given: Option<&Path>) -> Result<PathBuf> {
    let start = match given {
        Some(root) => root.to_owned(),
        None => std::env::current_dir().context("cannot find the current directory")?,
    };
    let mut candidates = start.ancestors().take(if given.is_some() { 1 } else { usize::MAX });
    let found = candidates.find(|directory| directory.join("book.toml").is_file());
    found.map(Path::to_owned).with_context(|| format!("{} holds no book.toml", start.display()))
}
