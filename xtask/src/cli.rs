//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::error::Result;
use crate::sandbox::{Job, Limits};
use crate::tree::{Side, Tree};
use crate::{check, sandbox, sync};

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

fn rest(help: &'static str) -> Arg {
    Arg::new("rest")
        .num_args(0..)
        .trailing_var_arg(true)
        .allow_hyphen_values(true)
        .value_parser(value_parser!(OsString))
        .help(help)
}

fn command() -> Command {
    Command::new("cargo xtask")
        .bin_name("cargo xtask")
        .about("Grades, builds, plays and cleans everything in this workbook.")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("check")
                .about("Grade your code; without a name, the first chapter you have not passed")
                .arg(Arg::new("chapters").help("ch3, or ch2..ch4"))
                .arg(Arg::new("step").long("step").value_parser(value_parser!(usize)).help("Only this step"))
                .arg(flag("solution", "Grade the reference solution instead"))
                .arg(flag("json", "Print one JSON object and nothing else")),
        )
        .subcommand(
            Command::new("sync")
                .about("Write what is made from something else: the starters, solutions/Cargo.toml")
                .arg(flag("check", "Write nothing; fail if something is stale")),
        )
        .subcommand(
            Command::new("sandbox")
                .hide(true)
                .arg(Arg::new("scratch").long("scratch").required(true).value_parser(value_parser!(PathBuf)))
                .arg(Arg::new("time").long("time").required(true).value_parser(value_parser!(u64)))
                .arg(rest("the program").required(true)),
        )
}

/// Reads the command line and does what it says; the exit code is the command's.
pub fn run() -> Result<u8> {
    let matches = command().get_matches();
    let tree = Tree::here();
    match matches.subcommand() {
        Some(("check", arguments)) => run_check(&tree, arguments),
        Some(("sync", arguments)) => run_sync(&tree, arguments),
        Some(("sandbox", arguments)) => run_sandbox(arguments),
        _ => Ok(2),
    }
}

fn run_check(tree: &Tree, arguments: &ArgMatches) -> Result<u8> {
    let name = arguments.get_one::<String>("chapters").map(String::as_str);
    let request = check::Request {
        chapters: check::chapters(tree, name)?,
        step: arguments.get_one("step").copied(),
        side: if arguments.get_flag("solution") { Side::Reference } else { Side::Mine },
        json: arguments.get_flag("json"),
    };
    check::run(tree, &request)
}

fn run_sync(tree: &Tree, arguments: &ArgMatches) -> Result<u8> {
    if arguments.get_flag("check") {
        sync::check(tree)?;
        println!("every derived file is up to date");
    } else {
        for path in sync::write(tree)? {
            println!("wrote {}", tree.short(&path).display());
        }
    }
    Ok(0)
}

fn run_sandbox(arguments: &ArgMatches) -> Result<u8> {
    let time = arguments.get_one("time").map_or(Limits::default().time, |time| Duration::from_millis(*time));
    sandbox::keep(&Job {
        command: arguments.get_many::<OsString>("rest").unwrap_or_default().cloned().collect(),
        scratch: arguments.get_one::<PathBuf>("scratch").cloned().unwrap_or_default(),
        limits: Limits { time, ..Limits::default() },
    })
}
