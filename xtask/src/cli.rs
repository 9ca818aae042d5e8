//! The command line.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::time::Duration;

use course::{CHAPTERS, Chapter};

use crate::arguments::{self, Asked, Choice, Command, Given, Words, flag, value};
use crate::assemble::{self, Mix};
use crate::error::{Error, Result};
use crate::sandbox::{Job, Limits};
use crate::tree::{Side, Tree};
use crate::{
    bench, check, clean, demo, desk, doctor, handover, hint, list, record, sandbox, setup, sync, test, tool, tree, vm,
    watch,
};

const CHAPTER: Words = Words::One("CHAPTER", "such as ch3");
const STEP: Choice = value("step", "N", "Only this step");
const YES: Choice = flag("yes", "Install what is missing without asking");

const COMMANDS: &[Command] = &[
    Command::new("check", "Grade your code; without a name, the first chapter you have not passed")
        .takes(Words::Maybe("CHAPTERS", "ch3, or ch2..ch4"))
        .options(&[
            STEP,
            value("time", "SECONDS", "How long one check may take, if not 20"),
            value("user", "ID", "Run the checks as this user; only root can"),
            flag("solution", "Grade the reference solution instead"),
            flag("watch", "Grade again whenever you save"),
            flag("json", "Print one JSON object and nothing else"),
        ]),
    Command::new("sync", "Write what is made from something else: the starters, solutions/Cargo.toml")
        .options(&[flag("check", "Write nothing; fail if something is stale")]),
    Command::new("hint", "Show the next of a step's hints").takes(CHAPTER).options(&[STEP]),
    Command::new("reset", "Put a chapter back to its starter; keeps yours").takes(CHAPTER),
    Command::new("undo", "Take the last reset back").takes(CHAPTER),
    Command::new("start", "Begin at a chapter, on a verified base").takes(CHAPTER),
    Command::new("diff", "Show your code beside the reference, once passed").takes(CHAPTER),
    Command::new("list", "Show the chapters, their steps, and which are yours"),
    Command::new("galley", "Run galley, assembled from the chapters you passed and the reference")
        .takes(Words::Rest("ARGS", "What to pass on to galley"))
        .options(&[
            flag("mine", "Take every chapter from you, passed or not"),
            flag("reference", "Take every chapter from the reference"),
            flag("release", "Build it optimized"),
            flag("path", "Build it optimized and print only where it is"),
        ]),
    Command::new("demo", "Play a chapter; or the workshop: build, run, fetch the page, push, pull")
        .takes(Words::Maybe("CHAPTER", "such as ch3"))
        .options(&[
            flag("auto", "Do not wait for Enter"),
            flag("big", "For a projector: large gaps, nothing dim"),
            flag("quick", "Show commands at once, not letter by letter"),
            value("to", "REGISTRY/USER", "Push the workshop's image to a real registry"),
            flag("code", "Show each step's function, before and after"),
            YES,
        ]),
    Command::new("bench", "Measure how long things take, beside what other tools take")
        .takes(Words::Any("WHAT", "harness, start, build, transfer; everything if there is none")),
    Command::new("book", "Build the book, or run what its pages show; other words go to the book's own tool")
        .takes(Words::Rest("ARGS", "build, serve, lint, browser, pdf, or record [--check] [PAGE]…; build if none")),
    Command::new("registry", "Run a registry on localhost, for class and for trying things")
        .takes(Words::Rest("ARGS", "What to pass on, such as --listen 127.0.0.1:5000")),
    Command::new("doctor", "Try what this workbook needs, and say how to get what is missing"),
    Command::new("clean", "Remove whatever a killed check, demo or test left behind"),
    Command::new("setup", "Install the Debian packages that demos and tests use").options(&[YES]),
    Command::new("vm", "Run a command in a throw-away virtual machine with unified cgroups")
        .takes(Words::Rest("COMMAND", "The command and its arguments")),
    Command::new("test", "Everything that CI runs")
        .options(&[YES, value("only", "WORDS", "Only the stages whose name has this in it")]),
    Command::new(
        "mutants",
        "Try a chapter's checks on its stored solutions: wrong ones, and right ones by other means",
    )
    .takes(CHAPTER)
    .options(&[STEP]),
    // What `check` starts for each check; see `sandbox`.
    Command::new("sandbox", "").takes(Words::Rest("COMMAND", "The check")).options(&[
        value("scratch", "DIRECTORY", "Where to put the empty directory"),
        value("user", "ID", "Become this user"),
        value("time", "MILLISECONDS", "Its limit"),
        value("memory", "BYTES", "Its limit"),
        value("processes", "N", "Its limit"),
    ]),
];

/// Reads the command line and does what it says; the exit code is the command's.
pub fn run() -> Result<u8> {
    let (command, given) = match arguments::read(COMMANDS, std::env::args_os().skip(1))? {
        Asked::Run(command, given) => (command, given),
        Asked::Help { text, wanted: true } => {
            print!("{text}");
            return Ok(0);
        }
        Asked::Help { text, wanted: false } => {
            eprint!("{text}");
            return Ok(2);
        }
    };
    let (tree, given) = (Tree::here(), &given);
    match command.name {
        "check" => run_check(&tree, given),
        "sync" => run_sync(&tree, given),
        "hint" => hint::run(&tree, chapter_of(given)?, given.number("step")?),
        "reset" => desk::reset(&tree, chapter_of(given)?),
        "undo" => desk::undo(&tree, chapter_of(given)?),
        "start" => desk::start(&tree, chapter_of(given)?),
        "diff" => desk::diff(&tree, chapter_of(given)?),
        "list" => list::run(&tree),
        "galley" => run_galley(&tree, given),
        "demo" => run_demo(&tree, given),
        "bench" => bench::run(&tree, &given.words),
        "book" => match given.words.split_first() {
            Some((word, rest)) if word == "record" => record::run(&tree, rest),
            // The page that `book --open` opens is told what is passed.
            _ => run_tool(&tree, "book-tool", given, handover::fragment(&tree)?),
        },
        "registry" => run_tool(&tree, "registry-server", given, None),
        "doctor" => doctor::run(&tree),
        "clean" => clean::run(&tree),
        "setup" => setup::run(setup::TEST, given.flag("yes")).map(|()| 0),
        "test" => test::run(&tree, given.flag("yes"), given.text("only")?),
        "mutants" => test::variants::run(&tree, chapter_of(given)?, given.number("step")?),
        "vm" => vm::run(tree.root(), &given.words),
        "sandbox" => run_sandbox(&tree, given),
        other => Err(Error::Usage(format!("nothing is to be done for '{other}'"))),
    }
}

fn chapter_of(given: &Given) -> Result<&'static Chapter> {
    tree::chapter(given.word().unwrap_or_default())
}

fn run_check(tree: &Tree, given: &Given) -> Result<u8> {
    given.exclude("watch", &["json", "solution", "user"])?;
    let (name, step) = (given.word(), given.number("step")?);
    let time = given.number("time")?.map(Duration::from_secs);
    if given.flag("watch") {
        return watch::run(tree, name, step, time);
    }
    let side = if given.flag("solution") { Side::Reference } else { Side::Mine };
    let request = check::Request {
        // "The first that is not passed" is a question about the learner's tree.
        chapters: match (side, name) {
            (Side::Reference, None) => CHAPTERS.iter().collect(),
            _ => check::chapters(tree, name)?,
        },
        step,
        side,
        json: given.flag("json"),
        time,
        user: given.number("user")?,
    };
    let code = check::run(tree, &request)?;
    // Everything is passed: what remains is to see it work, all together.
    let asked = name.is_none() && request.step.is_none() && !request.json && request.side == Side::Mine;
    if code == 0 && asked && check::all_passed(tree)? {
        println!("\nEvery chapter is passed. Now the whole workshop, on your own runtime:\n");
        let workshop = demo::Request { mix: Mix::Passed, auto: true, ..demo::Request::default() };
        return demo::run(tree, &workshop);
    }
    Ok(code)
}

fn run_demo(tree: &Tree, given: &Given) -> Result<u8> {
    let request = demo::Request {
        chapter: given.word().map(tree::chapter).transpose()?,
        mix: Mix::Reference,
        auto: given.flag("auto"),
        big: given.flag("big"),
        quick: given.flag("quick"),
        code: given.flag("code"),
        to: given.text("to")?.map(str::to_owned),
        yes: given.flag("yes"),
    };
    demo::run(tree, &request)
}

fn run_sync(tree: &Tree, given: &Given) -> Result<u8> {
    if given.flag("check") {
        sync::check(tree)?;
        println!("every derived file is up to date");
    } else {
        for path in sync::write(tree)? {
            println!("wrote {}", tree.short(&path).display());
        }
    }
    Ok(0)
}

fn run_sandbox(tree: &Tree, given: &Given) -> Result<u8> {
    let usual = Limits::default();
    sandbox::keep(&Job {
        command: given.words.clone(),
        scratch: given.value("scratch").map(PathBuf::from).unwrap_or_default(),
        user: given.number("user")?.map(|user| (user, tree.root().to_owned())),
        limits: Limits {
            time: given.number("time")?.map_or(usual.time, Duration::from_millis),
            memory: given.number("memory")?.unwrap_or(usual.memory),
            processes: given.number("processes")?.unwrap_or(usual.processes),
            output: usual.output,
        },
    })
}

fn run_galley(tree: &Tree, given: &Given) -> Result<u8> {
    given.exclude("mine", &["reference"])?;
    let mix = match (given.flag("mine"), given.flag("reference")) {
        (true, _) => Mix::Mine,
        (_, true) => Mix::Reference,
        _ => Mix::Passed,
    };
    if given.flag("path") {
        println!("{}", assemble::assemble(tree, mix, true)?.program.display());
        return Ok(0);
    }
    assemble::run(tree, mix, given.flag("release"), &given.words)
}

/// Replaces this process by a tool that is built only when it is asked for.
fn run_tool(tree: &Tree, package: &str, given: &Given, passed: Option<String>) -> Result<u8> {
    let program = tool::build(tree, package)?;
    let mut command = std::process::Command::new(&program);
    command.envs(passed.map(|passed| ("GALLEY_PROGRESS", passed)));
    let fault = command.args(&given.words).current_dir(tree.root()).exec();
    Err(Error::file("run", &program)(fault))
}
