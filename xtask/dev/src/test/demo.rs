//! The live demo of every chapter, in a real terminal.

use std::thread;
use std::time::Duration;

use course::{CHAPTERS, Chapter};

use super::tmux::{Size, Terminal, View};
use crate::demo::{self, Event};
use crate::stage::Stage;
use crate::terminal::Programs;
use xtask::error::{Error, Result};
use xtask::packages;
use xtask::repo::Repo;

/// The usual terminal, and a projector's with large type.
const DEFAULT: Size = Size(80, 24);
const LARGE: Size = Size(60, 16);

/// How long a command of a page may take, including what is compiled before the first.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Every chapter from its first screen to its end, all at the same time.
pub fn played(repo: &Repo) -> Result<Stage> {
    if packages::find("tmux").is_none() {
        return Ok(Stage::Skipped("tmux is not installed; `cargo xtask setup` installs it".to_owned()));
    }
    // The terminals' timeout is for what is played.
    Programs::build(repo)?;
    let commands = thread::scope(|scope| {
        let chapters = CHAPTERS.iter().map(|chapter| {
            // One of them with large type, one with code, one as it is typed out.
            let (flag, size) = match chapter.number {
                1 => ("--big", LARGE),
                2 => ("--code", DEFAULT),
                _ => ("--quick", DEFAULT),
            };
            scope.spawn(move || through(repo, chapter, &["--quick", flag], size))
        });
        let running: Vec<_> = chapters.chain([scope.spawn(move || keys(repo, &CHAPTERS[0]))]).collect();
        let ended = running.into_iter().map(joined).collect();
        all(ended)
    })?
    .into_iter()
    .sum::<usize>();
    Ok(Stage::Passed(format!("{} chapters, {commands} commands, every key", CHAPTERS.len())))
}

/// What all of them found, or the words of all that failed.
pub fn all<T>(ended: Vec<Result<T>>) -> Result<Vec<T>> {
    let (mut found, mut words) = (Vec::new(), Vec::new());
    for result in ended {
        match result {
            Ok(value) => found.push(value),
            Err(error) => words.push(error.to_string()),
        }
    }
    if words.is_empty() { Ok(found) } else { Err(Error::Failed(words.join("\n\n"))) }
}

pub fn joined<T>(running: thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    running.join().unwrap_or_else(|_| Err(Error::Failed("the test itself panicked".to_owned())))
}

/// The harness in a terminal, started by this process's link in `/proc`: cargo may be building
/// the next version at its path.
pub fn open(repo: &Repo, name: &str, size: Size, arguments: &[&str]) -> Result<Terminal> {
    let harness = format!("/proc/{}/exe", std::process::id());
    let program: Vec<String> =
        [&[harness.as_str(), "demo"], arguments].concat().into_iter().map(str::to_owned).collect();
    Terminal::open(repo, name, size, &program)
}

/// Waits for a screen that differs from the last one and on which the demo waits for a key.
pub fn waits(terminal: &Terminal, last: &View) -> Result<View> {
    let view =
        terminal.wait("screen that waits", TIMEOUT, |view| view != last && (view.waits() || view.ended.is_some()))?;
    Ok(view)
}

/// Presses Enter until it ends, and reads everything: returns how many commands it saw.
fn through(repo: &Repo, chapter: &'static Chapter, flags: &[&str], size: Size) -> Result<usize> {
    let id = chapter.id();
    let terminal = open(repo, &id, size, &[&[id.as_str()], flags].concat())?;
    let failed = |words: String| Error::Failed(format!("demo {id} {}: {words}", flags.join(" ")));
    let (mut view, mut read, mut begun) = (View::default(), 0, false);
    loop {
        view = waits(&terminal, &view).map_err(|error| failed(error.to_string()))?;
        // Nobody has to read what was printed before the first screen.
        let first = std::mem::replace(&mut begun, true);
        if first && view.gone > read {
            let lost = view.gone - read;
            return Err(failed(format!(
                "{lost} rows scrolled away unread before this screen:\n{}",
                view.rows.join("\n")
            )));
        }
        if view.ended.is_some() {
            break;
        }
        // The last row is about the keys.
        read = view.gone + view.rows.len() - 1;
        terminal.press(&["Enter"])?;
    }
    match view.ended {
        Some(0) => {}
        code => return Err(failed(format!("ended with {code:?}:\n{}", view.rows.join("\n")))),
    }
    let lines = terminal.everything()?;
    if let Some(line) = lines.iter().find(|line| line.chars().count() >= terminal.size().0) {
        return Err(failed(format!("a line that the terminal had to break: {line}")));
    }
    shown(&demo::events(repo, chapter)?, &lines).map_err(failed)
}

/// Looks for each heading, note and command, in their order. Where lines are broken
/// does not matter here.
fn shown(events: &[Event], lines: &[String]) -> std::result::Result<usize, String> {
    let text = dense(&lines.join("\n"));
    let (mut at, mut commands) = (0, 0);
    for event in events {
        let wanted = match event {
            Event::Heading { title, .. } => format!("{title}\n="),
            Event::Left(reason) => reason.clone(),
            Event::Command(command) | Event::Asking(command) | Event::Check { command, .. } => {
                commands += 1;
                format!("$ {}", command.lines().collect::<Vec<_>>().join("\n> "))
            }
            Event::Note { .. } | Event::Code { .. } | Event::Unseen(_) => continue,
        };
        let wanted = dense(&wanted);
        match text[at..].find(&wanted) {
            Some(found) => at += found + wanted.len(),
            None => return Err(format!("not seen, or not in its place: {event:?}")),
        }
    }
    if text[at..].contains(&dense("Everything is removed again. That took")) {
        return Ok(commands);
    }
    Err("it does not say how long it took".to_owned())
}

fn dense(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace()).collect()
}

/// Every key, in a chapter; the first command is typed out letter by letter.
fn keys(repo: &Repo, chapter: &'static Chapter) -> Result<usize> {
    let terminal = open(repo, "keys", DEFAULT, &[&chapter.id()])?;
    let until = |what: &str, seen: &str| terminal.wait(what, TIMEOUT, |view| view.waits() && view.has(seen)).map(drop);
    until("title", &chapter.id())?;
    // From the title past what is only said, to the second command.
    let mut view = View::default();
    while !view.last().starts_with("[2/") {
        view = waits(&terminal, &view)?;
        if !view.last().starts_with("[2/") {
            terminal.press(&["Enter"])?;
        }
    }
    let second = command(repo, chapter, 2)?;
    until("command that is typed out", &format!("$ {second}"))?;
    terminal.press(&["?"])?;
    until("help", "b, Left        back to the command before")?;
    terminal.press(&["j", "9", "BSpace", "4", "Enter"])?;
    until("jump to step 4", "Step 4: ")?;
    terminal.press(&["b"])?;
    until("way back", "Step 3: ")?;
    terminal.press(&["n"])?;
    until("way on", "Step 4: ")?;
    terminal.press(&["s"])?;
    terminal.wait("shell", TIMEOUT, |view| view.has("a shell in this state") && view.last().ends_with(['#', '$']))?;
    terminal.press(&["echo seen-$((6 * 7)) in $PWD", "Enter"])?;
    terminal.wait("shell's answer", TIMEOUT, |view| view.has("seen-42 in /tmp/try"))?;
    terminal.press(&["exit", "Enter"])?;
    until("way out of the shell", "exit")?;
    terminal.press(&["j", "9", "9", "Enter"])?;
    until("refusal", "there is no step 99 here")?;
    terminal.press(&["q"])?;
    let view = terminal.wait("end", TIMEOUT, |view| view.ended.is_some())?;
    match (view.ended, view.has("Everything is removed again")) {
        (Some(0), true) => Ok(0),
        (code, _) => Err(Error::Failed(format!("leaving it ends with {code:?}:\n{}", view.rows.join("\n")))),
    }
}

/// The first line of a chapter's command, by its number from 1.
fn command(repo: &Repo, chapter: &Chapter, number: usize) -> Result<String> {
    let commands = demo::events(repo, chapter)?.into_iter().filter_map(|event| match event {
        Event::Command(command) | Event::Asking(command) | Event::Check { command, .. } => Some(command),
        _ => None,
    });
    let text = commands.skip(number - 1).map(|command| command.lines().next().unwrap_or_default().to_owned()).next();
    text.ok_or_else(|| Error::Failed(format!("{} has not {number} commands", chapter.id())))
}
