//! The command line of the maintainers' part.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use course::Chapter;
use xtask::cli::{exit_code, restore_sigpipe};
use xtask::error::Result;
use xtask::galley::Choice;
use xtask::packages;
use xtask::repo::{self, Repo};

use crate::{bench, demo, measure, mutants, needs, record, setup, sync, test, vm};

#[derive(Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true, args_override_self = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Play a chapter; or the workshop: build, run, fetch the page, push, pull
    Demo(DemoArgs),
    /// Run what the book's pages show of terminals, and write it into them
    Book {
        #[command(subcommand)]
        command: BookCommand,
    },
    /// Install the Debian packages that demos and tests use
    Setup(Yes),
    /// Measure how long things take, beside what other tools take
    Bench {
        /// harness, start, build or transfer; everything if there is none
        what: Vec<String>,
    },
    /// Run a command in a throw-away virtual machine with unified cgroups
    Vm {
        /// The command and its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
    /// Write what is made from something else: the starters, solutions/Cargo.toml
    Sync {
        /// Write nothing; fail if something is stale
        #[arg(long)]
        check: bool,
    },
    /// Everything that CI runs
    Test {
        #[command(flatten)]
        yes: Yes,
        /// Only the stages whose name has this in it
        #[arg(long, value_name = "WORDS")]
        only: Option<String>,
    },
    /// Print how large each crate is, in a table; fail beyond the limits
    Measure,
    /// Try a chapter's checks on its stored solutions: wrong ones, and right ones by other means
    Mutants {
        /// Such as ch3
        #[arg(value_parser = chapter)]
        chapter: &'static Chapter,
        /// Only this step
        #[arg(long, value_name = "N")]
        step: Option<usize>,
        /// Find out which steps need which, and write xtask/course/needs.txt
        #[arg(long, conflicts_with = "step")]
        needs: bool,
    },
}

#[derive(Args)]
struct Yes {
    /// Install what is missing without asking
    #[arg(long)]
    yes: bool,
}

#[derive(Args)]
struct DemoArgs {
    /// Such as ch3
    #[arg(value_parser = chapter)]
    chapter: Option<&'static Chapter>,
    /// Do not wait for Enter
    #[arg(long)]
    auto: bool,
    /// For a projector: large gaps, nothing dim
    #[arg(long)]
    big: bool,
    /// Show commands at once, not letter by letter
    #[arg(long)]
    quick: bool,
    /// Push the workshop's image to a real registry
    #[arg(long, value_name = "REGISTRY/USER")]
    to: Option<String>,
    /// Show each step's function, before and after
    #[arg(long)]
    code: bool,
    /// Play the workshop on the chapters that the learner has passed
    #[arg(long, hide = true)]
    passed: bool,
    #[command(flatten)]
    yes: Yes,
}

#[derive(Subcommand)]
enum BookCommand {
    /// Run what pages show of terminals, and write it into them
    Record(record::Request),
}

fn chapter(name: &str) -> std::result::Result<&'static Chapter, String> {
    repo::chapter(name).map_err(|error| error.to_string())
}

/// Reads the words after `cargo xtask`, and does what they say.
pub fn main() -> ExitCode {
    restore_sigpipe();
    exit_code(run(Cli::parse().command))
}

fn run(command: Command) -> Result<u8> {
    let repo = Repo::find()?;
    match command {
        Command::Demo(args) => demo::run(&repo, &args.request()),
        Command::Book { command: BookCommand::Record(request) } => record::run(&repo, &request),
        Command::Setup(Yes { yes }) => setup::run(packages::TEST, yes).map(|()| 0),
        Command::Bench { what } => bench::run(&repo, &what),
        Command::Vm { command } => vm::run(&repo, &command),
        Command::Sync { check } => sync::run(&repo, check),
        Command::Test { yes, only } => test::run(&repo, yes.yes, only.as_deref()),
        Command::Measure => measure::run(&repo),
        Command::Mutants { chapter, needs: true, .. } => needs::write(&repo, &[chapter]),
        Command::Mutants { chapter, step, .. } => mutants::run(&repo, chapter, step),
    }
}

impl DemoArgs {
    fn request(self) -> demo::Request {
        demo::Request {
            chapter: self.chapter,
            choice: if self.passed { Choice::Passed } else { Choice::Reference },
            auto: self.auto,
            big: self.big,
            quick: self.quick,
            code: self.code,
            to: self.to,
            yes: self.yes.yes,
        }
    }
}
