//! The command line.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use course::{CHAPTERS, Chapter};

use crate::assemble::{self, Mix};
use crate::error::{Error, Result};
use crate::sandbox::{Job, Limits};
use crate::tree::{Side, Tree};
use crate::{bench, check, clean, demo, desk, doctor, hint, list, sandbox, setup, sync, test, tool, tree, vm, watch};

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

fn chapter_name() -> Arg {
    Arg::new("chapter").required(true).help("ch3")
}

fn number(name: &'static str) -> Arg {
    Arg::new(name).long(name).value_parser(value_parser!(u64))
}

fn yes() -> Arg {
    flag("yes", "Install what is missing without asking")
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
                .arg(number("time").value_name("SECONDS").help("How long one check may take, if not 20"))
                .arg(flag("solution", "Grade the reference solution instead"))
                .arg(flag("watch", "Grade again whenever you save").conflicts_with_all(["json", "solution"]))
                .arg(flag("json", "Print one JSON object and nothing else")),
        )
        .subcommand(
            Command::new("sync")
                .about("Write what is made from something else: the starters, solutions/Cargo.toml")
                .arg(flag("check", "Write nothing; fail if something is stale")),
        )
        .subcommand(
            Command::new("hint")
                .about("Show the next of a step's hints")
                .arg(chapter_name())
                .arg(Arg::new("step").long("step").value_parser(value_parser!(usize)).help("The step's number")),
        )
        .subcommand(Command::new("reset").about("Put a chapter back to its starter; keeps yours").arg(chapter_name()))
        .subcommand(Command::new("undo").about("Take the last reset back").arg(chapter_name()))
        .subcommand(Command::new("start").about("Begin at a chapter, on a verified base").arg(chapter_name()))
        .subcommand(Command::new("diff").about("Show your code beside the reference, once passed").arg(chapter_name()))
        .subcommand(Command::new("list").about("Show the chapters, their steps, and which are yours"))
        .subcommand(
            Command::new("galley")
                .about("Run galley, assembled from the chapters you passed and the reference")
                .arg(flag("mine", "Take every chapter from you, passed or not"))
                .arg(flag("reference", "Take every chapter from the reference").conflicts_with("mine"))
                .arg(flag("release", "Build it optimized"))
                .arg(flag("path", "Build it optimized and print only where it is"))
                .arg(rest("What to pass on to galley")),
        )
        .subcommand(
            Command::new("demo")
                .about("Play the workshop: build, run, fetch the page, push, pull")
                .arg(flag("auto", "Do not wait for Enter"))
                .arg(yes()),
        )
        .subcommand(
            Command::new("bench")
                .about("Measure how long things take")
                .arg(Arg::new("what").required(true).value_parser(["harness"]).help("What to measure")),
        )
        .subcommand(
            Command::new("book")
                .about("Build the book; the words after it go to the book's own tool")
                .arg(rest("build, serve or lint; build if there is none")),
        )
        .subcommand(
            Command::new("registry")
                .about("Run a registry on localhost, for class and for trying things")
                .arg(rest("What to pass on, such as --listen 127.0.0.1:5000")),
        )
        .subcommand(Command::new("doctor").about("Try what this workbook needs, and say how to get what is missing"))
        .subcommand(Command::new("clean").about("Remove whatever a killed check, demo or test left behind"))
        .subcommand(Command::new("setup").about("Install the Debian packages that demos and tests use").arg(yes()))
        .subcommand(
            Command::new("vm")
                .about("Run a command in a throw-away virtual machine with unified cgroups")
                .arg(rest("The command and its arguments").required(true)),
        )
        .subcommand(
            Command::new("test")
                .about("Everything that CI runs")
                .arg(yes())
                .arg(Arg::new("only").long("only").help("Only the stages whose name has this in it")),
        )
        .subcommand(
            Command::new("sandbox")
                .hide(true)
                .arg(Arg::new("scratch").long("scratch").required(true).value_parser(value_parser!(PathBuf)))
                .arg(Arg::new("user").long("user").value_parser(value_parser!(u32)))
                .arg(number("time").help("In milliseconds"))
                .arg(number("memory").help("In bytes"))
                .arg(number("processes"))
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
        Some(("hint", arguments)) => hint::run(&tree, chapter_of(arguments)?, arguments.get_one("step").copied()),
        Some(("reset", arguments)) => desk::reset(&tree, chapter_of(arguments)?),
        Some(("undo", arguments)) => desk::undo(&tree, chapter_of(arguments)?),
        Some(("start", arguments)) => desk::start(&tree, chapter_of(arguments)?),
        Some(("diff", arguments)) => desk::diff(&tree, chapter_of(arguments)?),
        Some(("list", _)) => list::run(&tree),
        Some(("galley", arguments)) => run_galley(&tree, arguments),
        Some(("demo", arguments)) => {
            demo::run(&tree, Mix::Reference, arguments.get_flag("auto"), arguments.get_flag("yes"))
        }
        Some(("bench", _)) => bench::harness(&tree),
        Some(("book", arguments)) => run_tool(&tree, "book-tool", arguments),
        Some(("registry", arguments)) => run_tool(&tree, "registry-server", arguments),
        Some(("doctor", _)) => doctor::run(&tree),
        Some(("clean", _)) => clean::run(&tree),
        Some(("setup", arguments)) => setup::run(setup::TEST, arguments.get_flag("yes")).map(|()| 0),
        Some(("test", arguments)) => {
            test::run(&tree, arguments.get_flag("yes"), arguments.get_one::<String>("only").map(String::as_str))
        }
        Some(("vm", arguments)) => vm::run(tree.root(), &words(arguments)),
        Some(("sandbox", arguments)) => run_sandbox(&tree, arguments),
        _ => Ok(2),
    }
}

fn chapter_of(arguments: &ArgMatches) -> Result<&'static Chapter> {
    tree::chapter(arguments.get_one::<String>("chapter").map_or("", String::as_str))
}

fn run_check(tree: &Tree, arguments: &ArgMatches) -> Result<u8> {
    let name = arguments.get_one::<String>("chapters").map(String::as_str);
    let time = arguments.get_one("time").copied().map(Duration::from_secs);
    if arguments.get_flag("watch") {
        return watch::run(tree, name, arguments.get_one("step").copied(), time);
    }
    let side = if arguments.get_flag("solution") { Side::Reference } else { Side::Mine };
    let request = check::Request {
        // "The first that is not passed" is a question about the learner's tree.
        chapters: match (side, name) {
            (Side::Reference, None) => CHAPTERS.iter().collect(),
            _ => check::chapters(tree, name)?,
        },
        step: arguments.get_one("step").copied(),
        side,
        json: arguments.get_flag("json"),
        time,
    };
    let code = check::run(tree, &request)?;
    // Everything is passed: what remains is to see it work, all together.
    let ending = name.is_none() && request.step.is_none() && !request.json && request.chapters.len() == CHAPTERS.len();
    if code == 0 && ending && request.side == Side::Mine {
        println!("\nEvery chapter is passed. Now the whole workshop, on your own runtime:\n");
        return demo::run(tree, Mix::Passed, true, false);
    }
    Ok(code)
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

fn run_sandbox(tree: &Tree, arguments: &ArgMatches) -> Result<u8> {
    let usual = Limits::default();
    let number = |name: &str| arguments.get_one::<u64>(name).copied();
    sandbox::keep(&Job {
        command: words(arguments),
        scratch: arguments.get_one::<PathBuf>("scratch").cloned().unwrap_or_default(),
        user: arguments.get_one("user").map(|user| (*user, tree.root().to_owned())),
        limits: Limits {
            time: number("time").map_or(usual.time, Duration::from_millis),
            memory: number("memory").unwrap_or(usual.memory),
            processes: number("processes").unwrap_or(usual.processes),
            output: usual.output,
        },
    })
}

fn words(arguments: &ArgMatches) -> Vec<OsString> {
    arguments.get_many::<OsString>("rest").unwrap_or_default().cloned().collect()
}

fn run_galley(tree: &Tree, arguments: &ArgMatches) -> Result<u8> {
    let mix = match (arguments.get_flag("mine"), arguments.get_flag("reference")) {
        (true, _) => Mix::Mine,
        (_, true) => Mix::Reference,
        _ => Mix::Passed,
    };
    if arguments.get_flag("path") {
        println!("{}", assemble::assemble(tree, mix, true)?.program.display());
        return Ok(0);
    }
    assemble::run(tree, mix, arguments.get_flag("release"), &words(arguments))
}

/// Replaces this process by a tool that is built only when it is asked for.
fn run_tool(tree: &Tree, package: &str, arguments: &ArgMatches) -> Result<u8> {
    let program = tool::build(tree, package)?;
    let fault = std::process::Command::new(&program).args(words(arguments)).current_dir(tree.root()).exec();
    Err(Error::file("run", &program)(fault))
}
