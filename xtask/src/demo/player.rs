//! Plays a list of cues on a screen, in a world of its own.

use std::io::PipeReader;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use pages::Shown;

use super::cue::Cue;
use super::screen::{HELP, Key, Screen};
use crate::error::{Error, Result};
use crate::setup;
use crate::terminal::{News, Session};
use crate::tree::HARNESS;

/// How long the player looks at one thing before it looks at the next.
const LOOK: Duration = Duration::from_millis(200);

/// Where the commands are run.
pub trait World {
    /// A shell in a fresh world; the one before is gone.
    fn start(&mut self) -> Result<Session>;

    /// Looks at what a command did, seen or unseen; an error ends the demo.
    fn judge(&mut self, cue: usize, code: u8, output: &str) -> Result<()>;

    /// Arguments that make the harness print the report of a check on this code.
    fn report(&self, shown: &Shown) -> Vec<String>;

    /// Looks at the whole once everything is played.
    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

/// How it ended, if not with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Played,
    /// The instructor left.
    Left,
}

/// What to do next.
enum Turn {
    On,
    /// From the state before one cue to that before another.
    Travel {
        from: usize,
        to: usize,
    },
    Leave,
}

pub struct Player<'a, W> {
    screen: &'a Screen,
    cues: &'a [Cue],
    /// Goes before the world that it is in.
    session: Session,
    world: W,
}

impl<'a, W: World> Player<'a, W> {
    pub fn new(screen: &'a Screen, cues: &'a [Cue], mut world: W) -> Result<Self> {
        let session = world.start()?;
        Ok(Self { screen, cues, session, world })
    }

    /// Plays to the end, or until the instructor leaves.
    pub fn play(mut self) -> Result<Ending> {
        let mut at = 0;
        while at < self.cues.len() {
            match self.cue(at)? {
                Turn::On => at += 1,
                Turn::Travel { from, to } => match self.travel(from, to)? {
                    Turn::Leave => return Ok(Ending::Left),
                    _ => at = to,
                },
                Turn::Leave => return Ok(Ending::Left),
            }
        }
        self.world.finish()?;
        Ok(Ending::Played)
    }

    fn cue(&mut self, at: usize) -> Result<Turn> {
        match &self.cues[at] {
            Cue::Heading { title, .. } => self.screen.heading(title)?,
            Cue::Note { text, .. } => self.screen.note(text)?,
            Cue::Left(reason) => self.screen.words(&format!("(left out: this machine {reason})"))?,
            Cue::Unseen(command) => return self.run(at, command, false),
            Cue::Code { before, after } => return self.code(at, before, after),
            Cue::Command(command) | Cue::Check { command, .. } => return self.command(at, command),
        }
        Ok(Turn::On)
    }

    fn code(&mut self, at: usize, before: &str, after: &str) -> Result<Turn> {
        self.screen.words("\nThe starter:\n")?;
        self.screen.print(before)?;
        self.screen.words("\nThe solution:\n")?;
        self.screen.print(after)?;
        self.pause(at + 1, None)
    }

    /// Types a command, waits, runs it, waits.
    fn command(&mut self, at: usize, command: &str) -> Result<Turn> {
        self.screen.command(command)?;
        match self.pause(at, Some(command))? {
            Turn::On => {}
            turn => return Ok(turn),
        }
        match self.run(at, command, true)? {
            Turn::On => self.pause(at + 1, None),
            turn => Ok(turn),
        }
    }

    /// Waits for a key. The world is as it was, or will be, before the cue `here`,
    /// whose command may be typed already.
    fn pause(&mut self, here: usize, typed: Option<&str>) -> Result<Turn> {
        if self.screen.look.auto {
            // A signal still ends it.
            let key = self.screen.wait(None, Duration::ZERO)?;
            return Ok(key.map_or(Turn::On, |_| Turn::Leave));
        }
        loop {
            match self.screen.key()? {
                Key::Go => {
                    if typed.is_some() {
                        self.screen.print("\n")?;
                    }
                    return Ok(Turn::On);
                }
                Key::Leave => return Ok(Turn::Leave),
                Key::Skip => return Ok(Turn::Travel { from: here, to: self.after(here) }),
                Key::Back => return Ok(Turn::Travel { from: here, to: self.before(here) }),
                Key::Jump => {
                    if let Some(to) = self.jump()? {
                        return Ok(Turn::Travel { from: here, to });
                    }
                }
                Key::Shell => self.shell()?,
                Key::Help => self.screen.words(&format!("\n{HELP}"))?,
            }
            if let Some(command) = typed {
                self.screen.command(command)?;
            }
        }
    }

    /// The played cue before `here`; the first cue if there is none.
    fn before(&self, here: usize) -> usize {
        self.cues[..here.min(self.cues.len())].iter().rposition(Cue::is_played).unwrap_or(0)
    }

    /// What comes after the next command.
    fn after(&self, here: usize) -> usize {
        let next = self.cues[here.min(self.cues.len())..].iter().position(Cue::is_played);
        next.map_or(self.cues.len(), |next| here + next + 1)
    }

    fn jump(&self) -> Result<Option<usize>> {
        let answer = self.screen.ask("to step: ")?;
        let wanted = answer.parse().ok();
        let target = self
            .cues
            .iter()
            .position(|cue| matches!(cue, Cue::Heading { step, .. } if step.is_some() && *step == wanted));
        if target.is_none() {
            self.screen.words(&format!("there is no step '{answer}' here"))?;
        }
        Ok(target)
    }

    /// Puts the world into the state in which the cue at `to` begins: forward from
    /// `from`, or from the start.
    fn travel(&mut self, from: usize, to: usize) -> Result<Turn> {
        let backward = to < from;
        let from = if backward { 0 } else { from };
        if backward {
            self.session = self.world.start()?;
        }
        let unseen: Vec<(usize, String)> = (from..to)
            .filter_map(|at| match &self.cues[at] {
                Cue::Command(command) | Cue::Unseen(command) => Some((at, command.clone())),
                _ => None,
            })
            .collect();
        self.screen.words(&format!("\n({} run unseen)", super::plural(unseen.len(), "command")))?;
        for (at, command) in unseen {
            if let Turn::Leave = self.run(at, &command, false)? {
                return Ok(Turn::Leave);
            }
        }
        self.resume(to)
    }

    /// Says where the play goes on, if that is not at a heading.
    fn resume(&self, at: usize) -> Result<Turn> {
        let open = self.cues[..at].iter().rev().find_map(|cue| match cue {
            Cue::Heading { title, .. } => Some(title),
            _ => None,
        });
        if let (Some(title), Some(Cue::Command(_) | Cue::Check { .. } | Cue::Note { .. })) = (open, self.cues.get(at)) {
            self.screen.heading(title)?;
        }
        Ok(Turn::On)
    }

    /// Runs a cue's command to its end; with `shown`, its output is printed.
    fn run(&mut self, at: usize, command: &str, shown: bool) -> Result<Turn> {
        if let Cue::Check { shown, .. } = &self.cues[at] {
            return self.check(&self.world.report(shown));
        }
        self.session.send(command)?;
        let mut output = Vec::new();
        loop {
            if let Some(turn) = self.listen(self.session.as_fd())? {
                return Ok(turn);
            }
            while let Some(news) = self.session.next(Duration::ZERO)? {
                match news {
                    News::Output(bytes) => {
                        if shown {
                            self.screen.bytes(&bytes)?;
                        }
                        output.extend(bytes);
                    }
                    News::Done(code) => {
                        if shown && output.last().is_some_and(|last| *last != b'\n') {
                            self.screen.print("\n")?;
                        }
                        self.world.judge(at, code, &String::from_utf8_lossy(&output))?;
                        return Ok(Turn::On);
                    }
                }
            }
        }
    }

    /// Waits until `other` has something to say; a turn if the instructor leaves.
    fn listen(&self, other: BorrowedFd<'_>) -> Result<Option<Turn>> {
        // Other keys have no meaning while something runs.
        Ok((self.screen.wait(Some(other), LOOK)? == Some(Key::Leave)).then_some(Turn::Leave))
    }

    /// Lets the harness print a check's report. It is a process of its own, so that
    /// the instructor can leave while it compiles.
    fn check(&self, arguments: &[String]) -> Result<Turn> {
        let (output, output_end) = std::io::pipe().map_err(Error::file("make", Path::new("a pipe")))?;
        let mut command = Command::new(HARNESS);
        command.args(arguments).stdin(Stdio::null()).stdout(output_end).process_group(0);
        let mut child = Running(command.spawn().map_err(Error::file("run", Path::new(HARNESS)))?);
        drop(command);
        loop {
            if let Some(turn) = self.listen(output.as_fd())? {
                return Ok(turn);
            }
            match read(&output)? {
                None => {}
                Some(bytes) if bytes.is_empty() => break,
                Some(bytes) => self.screen.bytes(&bytes)?,
            }
        }
        child.0.wait().map_err(Error::file("wait for", Path::new(HARNESS)))?;
        Ok(Turn::On)
    }

    /// Lends the terminal to a shell in the world as it is now.
    fn shell(&mut self) -> Result<()> {
        self.screen.words("\n(a shell in this state; `exit` comes back)")?;
        let session = &mut self.session;
        let screen = self.screen;
        screen.lend(|terminal| {
            let terminal = terminal.display();
            // With a terminal of its own the shell has job control and all its keys.
            let shell = if setup::find("bash").is_some() { "bash --norc --noprofile" } else { "sh" };
            let command = match setup::find("script") {
                Some(_) => format!("script -qc '{shell}' /dev/null <{terminal} >{terminal} 2>&1"),
                None => format!("{shell} -i <{terminal} >{terminal} 2>&1"),
            };
            session.send(&command)?;
            while !matches!(session.next(LOOK)?, Some(News::Done(_))) {}
            Ok(())
        })
    }
}

/// What can be read now; `None` if nothing, empty at the end.
fn read(pipe: &PipeReader) -> Result<Option<Vec<u8>>> {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    let mut ready = [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)];
    if poll(&mut ready, PollTimeout::ZERO).map_err(Error::call("poll"))? == 0 {
        return Ok(None);
    }
    let mut bytes = vec![0; 8192];
    let count = nix::unistd::read(pipe, &mut bytes).map_err(Error::call("read"))?;
    bytes.truncate(count);
    Ok(Some(bytes))
}

/// A process that ends with this, and with it whatever it started.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.try_wait().ok().flatten().is_none() {
            // It may end by itself meanwhile.
            let _ = killpg(Pid::from_raw(self.0.id().cast_signed()), Signal::SIGKILL).map(|()| self.0.wait());
        }
    }
}
