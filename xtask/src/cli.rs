//! The command line.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command as Process, ExitCode};
use std::time::Duration;

use course::{CHAPTERS, Chapter};

use crate::arguments::{self, Command, Opt, Parsed, ParsedArgs, Positional, flag, value};
use crate::check::judge::first_to_pass;
use crate::check::run as check;
use crate::error::{Error, Result};
use crate::galley::{self, Choice, Galley};
use crate::repo::{self, Repo, Tree};
use crate::sandbox::{self, Job, Limits};
use crate::{clean, doctor, hint, list, progress_link, tools, watch, workspace};

const CHAPTER: Positional = Positional::One("CHAPTER", "such as ch3");
const STEP: Opt = value("step", "N", "Only this step");

const COMMANDS: &[Command] = &[
    Command::new("check", "Grade your code; without a name, the first chapter you have not passed")
        .takes(Positional::Maybe("CHAPTERS", "ch3, or ch2..ch4"))
        .options(&[
            STEP,
            value("time", "SECONDS", "How long one check may take, if not 20"),
            value("user", "ID", "Run the checks as this user; only root can"),
            flag("solution", "Grade the reference solution instead"),
            flag("watch", "Grade again whenever you save"),
            flag("json", "Print one JSON object and nothing else"),
        ]),
    Command::new("hint", "Show the next of a step's hints").takes(CHAPTER).options(&[STEP]),
    Command::new("reset", "Put a chapter back to its starter; keeps yours").takes(CHAPTER),
    Command::new("undo", "Take the last reset back").takes(CHAPTER),
    Command::new("start", "Begin at any chapter: say what it is built on, and try the kernel").takes(CHAPTER),
    Command::new("diff", "Show your code beside the reference, once passed").takes(CHAPTER),
    Command::new("list", "Show the chapters, their steps, and which are yours"),
    Command::new("galley", "Run galley, assembled from the chapters you passed and the reference")
        .takes(Positional::Rest("ARGS", "What to pass on to galley"))
        .options(&[
            flag("mine", "Take every chapter from you, passed or not"),
            flag("reference", "Take every chapter from the reference"),
            flag("release", "Build it optimized"),
            flag("path", "Build it optimized and print only where it is"),
        ]),
    Command::new("demo", "Play a chapter; or the workshop: build, run, fetch the page, push, pull")
        .takes(Positional::Forwarded),
    Command::new("book", "Build the book: book --open; or run what its pages show: book record")
        .takes(Positional::Forwarded),
    Command::new("registry", "Run a registry on localhost, for class and for trying things")
        .takes(Positional::Forwarded),
    Command::new("doctor", "Try what this workbook needs, and say how to get what is missing"),
    Command::new("clean", "Remove whatever a killed check, demo or test left behind"),
    Command::new("setup", "Install the Debian packages that demos and tests use").takes(Positional::Forwarded),
    Command::new("bench", "Measure how long things take, beside what other tools take").takes(Positional::Forwarded),
    Command::new("vm", "Run a command in a throw-away virtual machine with unified cgroups")
        .takes(Positional::Forwarded),
    Command::new("sync", "Write what is made from something else: starters, manifests").takes(Positional::Forwarded),
    Command::new("test", "Everything that CI runs").takes(Positional::Forwarded),
    Command::new("measure", "Print how large each crate is, and fail beyond the limits"),
    Command::new("mutants", "Try a chapter's checks on its stored wrong and right solutions")
        .takes(Positional::Forwarded),
    // What `check` starts for each check; see `sandbox`.
    Command::new("sandbox", "").takes(Positional::Rest("COMMAND", "The check")).options(&[
        value("scratch", "DIRECTORY", "Where to put the empty directory"),
        value("user", "ID", "Become this user"),
        value("repository", "DIRECTORY", "What that user must be able to reach"),
        value("time", "MILLISECONDS", "Its limit"),
        value("memory", "BYTES", "Its limit"),
        value("processes", "N", "Its limit"),
    ]),
];

/// The whole program: reads the words after `cargo xtask`, does what they say, and
/// reports an error in one line.
pub fn main(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    restore_sigpipe();
    exit_code(run(words))
}

/// The exit code of a command; an error is printed.
pub fn exit_code(result: Result<u8>) -> ExitCode {
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::from(error.code())
        }
    }
}

/// `cargo xtask list | head` must end quietly: Rust ignores SIGPIPE at the start,
/// and then every print to a closed pipe is a panic.
pub fn restore_sigpipe() {
    use nix::sys::signal::{SigHandler, Signal, signal};
    // SAFETY: no handler is installed, only the default action restored, and no
    // other thread exists yet. If it fails, the harness is merely noisier.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) };
}

fn run(words: impl IntoIterator<Item = OsString>) -> Result<u8> {
    let (command, args) = match arguments::read(COMMANDS, words)? {
        Parsed::Run(command, args) => (command, args),
        Parsed::Help { text, wanted: true } => {
            print!("{text}");
            return Ok(0);
        }
        Parsed::Help { text, wanted: false } => {
            eprint!("{text}");
            return Ok(2);
        }
    };
    // A sandbox is started for a repository that is named to it.
    if command.name == "sandbox" {
        return run_sandbox(&args);
    }
    let (repo, args) = (Repo::find()?, &args);
    match command.name {
        "check" => run_check(&repo, args),
        "hint" => hint::run(&repo, chapter_of(args)?, args.number("step")?),
        "reset" => workspace::reset(&repo, chapter_of(args)?),
        "undo" => workspace::undo(&repo, chapter_of(args)?),
        "start" => workspace::start(&repo, chapter_of(args)?),
        "diff" => workspace::diff(&repo, chapter_of(args)?),
        "list" => list::run(&repo),
        "galley" => run_galley(&repo, args),
        "doctor" => doctor::run(&repo),
        "clean" => clean::run(&repo),
        "registry" => forward(&repo, "registry-server", &args.words),
        "book" if args.word() != Some("record") => forward(&repo, "book-tool", &args.words),
        name => forward(&repo, "dev", &[&[OsString::from(name)], &args.words[..]].concat()),
    }
}

fn chapter_of(args: &ParsedArgs) -> Result<&'static Chapter> {
    repo::chapter(args.word().unwrap_or_default())
}

fn run_check(repo: &Repo, args: &ParsedArgs) -> Result<u8> {
    args.exclude("watch", &["json", "solution", "user"])?;
    let (name, step) = (args.word(), args.number("step")?);
    let time = args.number("time")?.map(Duration::from_secs);
    if args.flag("watch") {
        return watch::run(repo, name, step, time);
    }
    let tree = if args.flag("solution") { Tree::Solutions } else { Tree::Exercises };
    let request = check::Request {
        // "The first that is not passed" is a question about the learner's tree.
        chapters: match (tree, name) {
            (Tree::Solutions, None) => CHAPTERS.iter().collect(),
            _ => check::chapters(repo, name)?,
        },
        step,
        tree,
        json: args.flag("json"),
        time,
        user: args.number("user")?,
    };
    let code = check::run(repo, &request)?;
    // Everything is passed: what remains is to see it work, all together.
    let asked = name.is_none() && request.step.is_none() && !request.json && request.tree == Tree::Exercises;
    if code == 0 && asked && first_to_pass(repo)?.is_none() {
        println!("\nEvery chapter is passed. Now the whole workshop, on your own runtime:\n");
        return forward(repo, "dev", &["demo", "--auto", "--passed"].map(OsString::from));
    }
    Ok(code)
}

fn run_sandbox(args: &ParsedArgs) -> Result<u8> {
    let default = Limits::default();
    let directory = |name| args.value(name).map(PathBuf::from).unwrap_or_default();
    sandbox::supervise(&Job {
        command: args.words.clone(),
        scratch: directory("scratch"),
        user: args.number("user")?.map(|user| (user, directory("repository"))),
        limits: Limits {
            time: args.number("time")?.map_or(default.time, Duration::from_millis),
            memory: args.number("memory")?.unwrap_or(default.memory),
            processes: args.number("processes")?.unwrap_or(default.processes),
            output: default.output,
        },
    })
}

fn run_galley(repo: &Repo, args: &ParsedArgs) -> Result<u8> {
    args.exclude("mine", &["reference"])?;
    let choice = match (args.flag("mine"), args.flag("reference")) {
        (true, _) => Choice::Mine,
        (_, true) => Choice::Reference,
        _ => Choice::Passed,
    };
    if args.flag("path") {
        println!("{}", Galley::build(repo, choice, true)?.program.display());
        return Ok(0);
    }
    galley::run(repo, choice, args.flag("release"), &args.words)
}

/// Replaces this process by a program that is built only when it is asked for.
fn forward(repo: &Repo, package: &str, words: &[OsString]) -> Result<u8> {
    let program = tools::tool(repo, package)?;
    let mut command = Process::new(&program);
    // The page that `book --open` opens is told what is passed.
    command.envs(progress_link::fragment(repo)?.map(|passed| ("GALLEY_PROGRESS", passed)));
    // As if cargo had started it: it works on the same repository.
    command.env("CARGO_MANIFEST_DIR", repo.root().join("xtask"));
    let fault = command.args(words).current_dir(repo.root()).exec();
    Err(Error::file("run", &program)(fault))
}
