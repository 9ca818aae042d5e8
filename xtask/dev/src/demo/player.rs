//! Plays a list of events on a screen, in a backend of its own.

use std::path::Display;
use std::process::Command;
use std::time::{Duration, Instant};

use pages::Shown;

use super::event::Event;
use super::keys::{HELP, Key};
use super::screen::Screen;
use super::window::has_keys;
use crate::terminal::{News, Session};
use xtask::error::Result;
use xtask::packages;
use xtask::repo::program_path;

/// How long the player looks at one thing before it looks at the next.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// How much of an output the backend gets to see, in bytes, or a little more.
const MAX_OUTPUT: usize = 1 << 20;

/// Where the commands are run.
pub trait Backend {
    /// A shell in a fresh backend; the one before is gone.
    fn start(&mut self) -> Result<Session>;

    /// Looks at what a command did, seen or unseen; an error ends the demo.
    fn judge(&mut self, event: usize, code: u8, output: &str) -> Result<()>;

    /// Arguments that make the harness print the report of a check on this code.
    fn report(&self, shown: &Shown) -> Vec<String>;

    /// Looks at the whole once everything is played, and says what it saw.
    fn finish(&mut self) -> Result<String> {
        Ok(String::new())
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
    /// From the state before one event to that before another.
    Travel {
        from: usize,
        to: usize,
    },
    Leave,
}

pub struct Player<'a, W> {
    screen: &'a Screen,
    events: &'a [Event],
    /// Goes before the backend that it is in.
    session: Session,
    backend: W,
}

impl<'a, W: Backend> Player<'a, W> {
    pub fn new(screen: &'a Screen, events: &'a [Event], mut backend: W) -> Result<Self> {
        let session = backend.start()?;
        Ok(Self { screen, events, session, backend })
    }

    /// Plays to the end, or until the instructor leaves.
    pub fn play(mut self) -> Result<Ending> {
        let mut at = 0;
        while at < self.events.len() {
            match self.event(at)? {
                Turn::On => at += 1,
                Turn::Travel { from, to } => match self.travel(from, to)? {
                    Turn::Leave => return Ok(Ending::Left),
                    _ => at = to,
                },
                Turn::Leave => return Ok(Ending::Left),
            }
        }
        let found = self.backend.finish()?;
        self.screen.print(&found)?;
        Ok(Ending::Played)
    }

    fn event(&mut self, at: usize) -> Result<Turn> {
        match &self.events[at] {
            Event::Heading { title, .. } => return self.heading(at, title),
            Event::Note { text, .. } => {
                if !matches!(at.checked_sub(1).map(|before| &self.events[before]), Some(Event::Heading { .. })) {
                    self.screen.print("\n")?;
                }
                self.screen.note(text)?;
            }
            Event::Left(reason) => self.screen.words(&format!("\n(left out: this machine {reason})"))?,
            Event::Unseen(command) => return self.run(at, command, false),
            Event::Code { before, after } => return self.code(at, before, after),
            Event::Command(command) | Event::Asking(command) | Event::Check { command, .. } => {
                return self.command(at, command);
            }
        }
        Ok(Turn::On)
    }

    /// A section begins once what was said before it is read.
    fn heading(&mut self, at: usize, title: &str) -> Result<Turn> {
        let turn = if self.screen.unread() > 0 { self.pause(at, None)? } else { Turn::On };
        if let Turn::On = turn {
            self.screen.heading(title)?;
        }
        Ok(turn)
    }

    fn code(&mut self, at: usize, before: &str, after: &str) -> Result<Turn> {
        self.screen.words("\nThe starter:\n\n")?;
        self.screen.print(before)?;
        self.screen.words("\nThe solution:\n\n")?;
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
        let before = self.screen.unread();
        match self.run(at, command, true)? {
            // Nothing was said that would have to be read.
            Turn::On if self.screen.unread() == before => Ok(Turn::On),
            Turn::On => self.pause(at + 1, None),
            turn => Ok(turn),
        }
    }

    /// Waits for a key. The backend is as it was, or will be, before the event `here`,
    /// whose command may be typed already.
    fn pause(&mut self, here: usize, typed: Option<&str>) -> Result<Turn> {
        if self.screen.look.auto {
            // A signal still ends it.
            let key = self.screen.wait(None, Duration::ZERO)?;
            return Ok(key.map_or(Turn::On, |_| Turn::Leave));
        }
        loop {
            let key = self.screen.key(&self.keys(here, typed.is_some()))?;
            if key == Key::Go || typed.is_some() {
                self.screen.end_row()?;
            }
            match key {
                Key::Go => return Ok(Turn::On),
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
                Key::Digit(_) | Key::Erase => {}
            }
            if let Some(command) = typed {
                self.screen.command(command)?;
            }
        }
    }

    /// What the keys do now, and how far the play is.
    fn keys(&self, here: usize, typed: bool) -> String {
        let played = |events: &[Event]| events.iter().filter(|event| event.is_played()).count();
        let (before, all) = (played(&self.events[..here.min(self.events.len())]), played(self.events));
        let (does, number) = if typed { ("run", before + 1) } else { ("go on", before) };
        format!("[{number}/{all}] Enter {does} · n skip · b back · j step · s shell · ? help · q leave")
    }

    /// The played event before `here`; the first event if there is none.
    fn before(&self, here: usize) -> usize {
        self.events[..here.min(self.events.len())].iter().rposition(Event::is_played).unwrap_or(0)
    }

    /// What comes after the next command.
    fn after(&self, here: usize) -> usize {
        let next = self.events[here.min(self.events.len())..].iter().position(Event::is_played);
        next.map_or(self.events.len(), |next| here + next + 1)
    }

    fn jump(&self) -> Result<Option<usize>> {
        let steps: Vec<(usize, usize)> = (self.events.iter().enumerate())
            .filter_map(|(at, event)| if let Event::Heading { step, .. } = event { Some((at, (*step)?)) } else { None })
            .collect();
        let last = steps.last().map_or(0, |(_, step)| *step);
        let Some(wanted) = self.screen.ask(&format!("to step (1 to {last}): "))? else { return Ok(None) };
        let target = steps.iter().find(|(_, step)| *step == wanted).map(|(at, _)| *at);
        if target.is_none() {
            self.screen.words(&format!("there is no step {wanted} here"))?;
        }
        Ok(target)
    }

    /// Puts the backend into the state in which the event at `to` begins: forward from
    /// `from`, or from the start.
    fn travel(&mut self, from: usize, to: usize) -> Result<Turn> {
        let backward = to < from;
        let from = if backward { 0 } else { from };
        if backward {
            self.session = self.backend.start()?;
        }
        let unseen: Vec<(usize, String)> = (from..to)
            .filter_map(|at| match &self.events[at] {
                Event::Command(command) | Event::Asking(command) | Event::Unseen(command) => {
                    Some((at, command.clone()))
                }
                _ => None,
            })
            .collect();
        self.screen.words(&format!("\n({} run unseen)", plural(unseen.len(), "command")))?;
        for (at, command) in unseen {
            if let Turn::Leave = self.run(at, &command, false)? {
                return Ok(Turn::Leave);
            }
        }
        // Who asked to be elsewhere has read what is here.
        self.screen.all_is_read();
        self.resume(to)
    }

    /// Says where the play goes on, if that is not at a heading.
    fn resume(&self, at: usize) -> Result<Turn> {
        let open = self.events[..at].iter().rev().find_map(|event| match event {
            Event::Heading { title, .. } => Some(title),
            _ => None,
        });
        if let (Some(title), Some(Event::Command(_) | Event::Asking(_) | Event::Check { .. } | Event::Note { .. })) =
            (open, self.events.get(at))
        {
            self.screen.heading(title)?;
        }
        Ok(Turn::On)
    }

    /// Runs a event's command to its end; with `shown`, its output is printed.
    fn run(&mut self, at: usize, command: &str, shown: bool) -> Result<Turn> {
        if let Event::Check { shown, .. } = &self.events[at] {
            return self.check(&self.backend.report(shown));
        }
        if let Event::Asking(command) = &self.events[at] {
            return self.asking(at, command);
        }
        self.run_in_session(at, command, shown)
    }

    fn run_in_session(&mut self, at: usize, command: &str, shown: bool) -> Result<Turn> {
        match self.listen(&mut None, command, shown)? {
            Some((code, output)) => self.backend.judge(at, code, &output).map(|()| Turn::On),
            None => Ok(Turn::Leave),
        }
    }

    /// Lets the harness print a check's report, in a process of its own: the instructor can
    /// leave while it compiles.
    fn check(&mut self, arguments: &[String]) -> Result<Turn> {
        let command = format!("{} {}", program_path()?.display(), arguments.join(" "));
        let outside = Session::outside(Command::new("sh"))?;
        let listened = self.listen(&mut Some(outside), &command, true)?;
        Ok(listened.map_or(Turn::Leave, |_| Turn::On))
    }

    /// Runs a command to its end in another session, or in the demo's own. Returns its code and
    /// output, or nothing if the instructor leaves.
    fn listen(&mut self, other: &mut Option<Session>, command: &str, shown: bool) -> Result<Option<(u8, String)>> {
        let session = other.as_mut().unwrap_or(&mut self.session);
        session.send(command)?;
        let mut output = Vec::new();
        loop {
            let begun = Instant::now();
            // Other keys have no meaning while something runs.
            if self.screen.wait(Some(session.as_fd()), POLL_INTERVAL)? == Some(Key::Leave) {
                return Ok(None);
            }
            if begun.elapsed() >= POLL_INTERVAL {
                self.screen.settle()?;
            }
            while let Some(news) = session.next(Duration::ZERO)? {
                match news {
                    News::Output(bytes) => {
                        if shown {
                            self.screen.bytes(&bytes)?;
                        }
                        if output.len() < MAX_OUTPUT {
                            output.extend(bytes);
                        }
                    }
                    News::Done(code) => {
                        self.screen.end_row()?;
                        return Ok(Some((code, String::from_utf8_lossy(&output).into_owned())));
                    }
                }
            }
        }
    }

    /// Runs a command that may ask for something, with the terminal lent to it.
    fn asking(&mut self, at: usize, command: &str) -> Result<Turn> {
        if !has_keys() {
            // It says itself that nobody can be asked.
            return self.run_in_session(at, command, true);
        }
        match self.lend(|terminal| format!("{command} <{terminal} >{terminal} 2>&1"))? {
            Some(code) => self.backend.judge(at, code, "").map(|()| Turn::On),
            None => Ok(Turn::Leave),
        }
    }

    /// A shell in the backend as it is now.
    fn shell(&mut self) -> Result<()> {
        self.screen.words("\n(a shell in this state; `exit` comes back)")?;
        // With a terminal of its own the shell has job control and all its keys.
        let shell = if packages::find("bash").is_some() { "bash --norc --noprofile" } else { "sh" };
        self.lend(|terminal| match packages::find("script") {
            Some(_) => format!("script -qc '{shell}' /dev/null <{terminal} >{terminal} 2>&1"),
            None => format!("{shell} -i <{terminal} >{terminal} 2>&1"),
        })
        .map(drop)
    }

    /// Runs the command that is made with the terminal's name; its code, or none if
    /// the instructor left meanwhile.
    fn lend(&mut self, command: impl FnOnce(Display) -> String) -> Result<Option<u8>> {
        let (session, screen) = (&mut self.session, self.screen);
        screen.lend(|terminal| {
            session.send(&command(terminal.display()))?;
            loop {
                if let Some(News::Done(code)) = session.next(POLL_INTERVAL)? {
                    return Ok(Some(code));
                }
                if screen.is_ended()? {
                    return Ok(None);
                }
            }
        })
    }
}

/// Plays the events in a backend, which is gone afterwards, and says how long it took.
pub fn play<W: Backend>(screen: &Screen, events: &[Event], backend: W) -> Result<Ending> {
    let start = Instant::now();
    let ending = Player::new(screen, events, backend)?.play()?;
    let minutes: u32 =
        events.iter().map(|event| if let Event::Note { minutes, .. } = event { *minutes } else { 0 }).sum();
    let said = if minutes > 0 { format!(" The notes take {minutes} minutes to say.") } else { String::new() };
    let total = start.elapsed().as_secs_f32();
    screen.last_words(&format!("\nEverything is removed again. That took {total:.1} s.{said}\n"))?;
    Ok(ending)
}

fn plural(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}
