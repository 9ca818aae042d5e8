//! The terminal that a demo is played on: what is printed, and when it waits.
//!
//! Nothing scrolls away unread: when the screen is full of what was not there at the
//! last key, it waits for one. Lines are broken at blanks, before the terminal would
//! break them anywhere.

use std::cell::{Cell, RefCell};
use std::io::{IsTerminal, Write, stdin, stdout};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::ttyname;

use super::keys::{Key, read_key};
use super::text::{columns, folded, plain, wrapped};
use super::window;
use xtask::error::{Error, Result};

/// Prose is not wider than this, as in a book; with large type it uses the screen.
const BOOK_WIDTH: usize = 78;

/// One letter of a command, while it is typed out; and the longest for a command.
const LETTER: Duration = Duration::from_millis(14);
const TYPING: Duration = Duration::from_millis(700);

/// How much of a line is held back, in bytes.
const LONGEST: usize = 16 << 10;

/// Stands between two keys.
const KEYS: &str = " · ";

/// How it looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// For a projector: air around everything, nothing dim, each part on a clear
    /// screen.
    pub big: bool,
    /// Nobody presses a key.
    pub auto: bool,
    /// Commands are there at once, not letter by letter.
    pub quick: bool,
}

/// The terminal, in a mode where each key comes at once; as it was, when dropped.
pub struct Screen {
    pub look: Look,
    before: Option<Termios>,
    signals: SignalFd,
    colors: bool,
    /// The column that the next letter takes, from 0.
    column: Cell<usize>,
    /// Rows that were begun since the last key.
    unread: Cell<usize>,
    /// What a program has printed of a line that goes on, or of a character.
    held: RefCell<Vec<u8>>,
    /// Whether the rest of this output is printed without waiting.
    hurried: Cell<bool>,
    /// Whether the instructor left while it waited: nothing more is printed.
    left: Cell<bool>,
}

impl Screen {
    pub fn open(look: Look) -> Result<Self> {
        // They are read like keys, so that everything is put away first. What is
        // started from here has them as usual: std clears the mask of a child.
        let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]);
        signals.thread_block().map_err(Error::call("sigprocmask"))?;
        let signals = SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
            .map_err(Error::call("signalfd"))?;
        let before = if look.auto { None } else { Some(tcgetattr(stdin()).map_err(Error::call("tcgetattr"))?) };
        let screen = Self {
            look,
            before,
            signals,
            colors: xtask::color::enabled(),
            column: Cell::new(0),
            unread: Cell::new(0),
            held: RefCell::default(),
            hurried: Cell::new(false),
            left: Cell::new(false),
        };
        screen.keys_at_once()?;
        Ok(screen)
    }

    fn keys_at_once(&self) -> Result<()> {
        let Some(mut mode) = self.before.clone() else { return Ok(()) };
        mode.local_flags &= !(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG);
        tcsetattr(stdin(), SetArg::TCSADRAIN, &mode).map_err(Error::call("tcsetattr"))
    }

    fn as_before(&self) {
        if let Some(mode) = &self.before {
            // A terminal that is gone needs no mode.
            let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, mode);
        }
    }

    /// Lends the terminal, named to `work`, in the mode that it had before.
    pub fn lend<T>(&self, work: impl FnOnce(PathBuf) -> Result<T>) -> Result<T> {
        let name = ttyname(stdin()).map_err(Error::call("ttyname"))?;
        self.as_before();
        let result = work(name);
        self.column.set(0);
        self.all_is_read();
        self.keys_at_once()?;
        result
    }

    pub fn heading(&self, title: &str) -> Result<()> {
        if self.look.big && !self.look.auto {
            self.raw("\x1b[2J\x1b[H")?;
            self.column.set(0);
        }
        let rule = "=".repeat(title.chars().count().min(self.width()));
        self.print("\n")?;
        self.paragraph("1", &[title.to_owned(), rule])?;
        self.air()
    }

    pub fn note(&self, text: &str) -> Result<()> {
        // What is dim on a desk cannot be read on a wall.
        let style = if self.look.big { "36" } else { "2" };
        let width = if self.look.big { self.width() } else { self.width().min(BOOK_WIDTH) };
        self.paragraph(style, &wrapped(&plain(text), width))?;
        self.air()
    }

    /// Some rows in one style, which each of them begins and ends.
    fn paragraph(&self, style: &str, rows: &[String]) -> Result<()> {
        rows.iter().try_for_each(|row| self.print(&format!("{}\n", self.styled(style, row))))
    }

    pub fn words(&self, text: &str) -> Result<()> {
        self.paragraph("2", &text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    /// An empty row, with large type.
    fn air(&self) -> Result<()> {
        if self.look.big { self.print("\n") } else { Ok(()) }
    }

    /// Types a command out, as a hand would; any key ends the typing.
    pub fn command(&self, command: &str) -> Result<()> {
        let marks = std::iter::once("$ ").chain(std::iter::repeat("> "));
        let lines: Vec<String> = command.lines().zip(marks).map(|(line, mark)| format!("{mark}{line}")).collect();
        self.print("\n")?;
        if self.look.auto {
            return self.print(&format!("{}\n", lines.join("\n")));
        }
        let length = u32::try_from(command.len()).unwrap_or(u32::MAX).max(1);
        let pause = LETTER.min(TYPING / length);
        let mut typed = self.look.quick;
        let rows: Vec<String> = lines.iter().flat_map(|line| folded(line, 0, self.width())).collect();
        for (number, row) in rows.iter().enumerate() {
            if number > 0 {
                self.print("\n")?;
            }
            if typed {
                self.print(&self.styled("1", row))?;
                continue;
            }
            for letter in row.chars() {
                self.print(&self.styled("1", &letter.to_string()))?;
                typed = typed || self.wait(None, if typed { Duration::ZERO } else { pause })?.is_some();
            }
        }
        Ok(())
    }

    /// Prints what a program said. The last line may not be complete: it is held back
    /// until it is, or is long, or [`settle`](Self::settle) is called.
    pub fn bytes(&self, bytes: &[u8]) -> Result<()> {
        let mut held = self.held.borrow_mut();
        let begun = held.len();
        held.extend_from_slice(bytes);
        let end = match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => begun + end,
            None if held.len() > LONGEST => held.len() - 1,
            None => return Ok(()),
        };
        let lines: Vec<u8> = held.drain(..=end).collect();
        drop(held);
        self.print(&String::from_utf8_lossy(&lines))
    }

    /// Prints what is held back.
    pub fn settle(&self) -> Result<()> {
        let held = self.held.take();
        self.print(&String::from_utf8_lossy(&held))
    }

    /// Ends a row that was begun.
    pub fn end_row(&self) -> Result<()> {
        self.settle()?;
        if self.column.get() > 0 { self.print("\n") } else { Ok(()) }
    }

    /// Prints text, in rows that fit. Where nobody sees a screen, it is left as it is.
    pub fn print(&self, text: &str) -> Result<()> {
        if !stdout().is_terminal() {
            // All that counts there is whether a row was begun.
            if let Some(last) = text.chars().last() {
                self.column.set(usize::from(last != '\n'));
            }
            return self.raw(text);
        }
        for line in text.split_inclusive('\n') {
            let (content, ended) = line.strip_suffix('\n').map_or((line, false), |content| (content, true));
            let rows = folded(content, self.column.get(), self.width());
            for (number, row) in rows.iter().enumerate() {
                if number > 0 {
                    self.next_row()?;
                }
                self.raw(row)?;
                self.column.set(columns(row, self.column.get()));
            }
            if ended {
                self.next_row()?;
            }
        }
        Ok(())
    }

    /// Begins a row; before the first unread one would leave the screen, it waits.
    fn next_row(&self) -> Result<()> {
        self.raw("\n")?;
        self.column.set(0);
        self.unread.set(self.unread.get() + 1);
        // One row stays from before, and one is for what is said of the keys.
        if self.look.auto || self.hurried.get() || self.unread.get() + 2 < window::size().1 {
            return Ok(());
        }
        loop {
            match self.key("Enter more · n to the end · q leave")? {
                Key::Go => return Ok(()),
                Key::Skip => {
                    self.hurried.set(true);
                    return Ok(());
                }
                Key::Leave => {
                    self.left.set(true);
                    return Ok(());
                }
                _ => {}
            }
        }
    }

    /// Prints as it is. A closed terminal is no reason to leave the rest undone: the
    /// signal that tells of it comes as a key.
    fn raw(&self, text: &str) -> Result<()> {
        if self.left.get() {
            return Ok(());
        }
        let mut out = stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.raw_os_error() != Some(nix::libc::EIO) => {
                Err(Error::file("write to", "standard output".as_ref())(error))
            }
            _ => Ok(()),
        }
    }

    /// Prints after everything is over: never waits.
    pub fn last_words(&self, text: &str) -> Result<()> {
        self.hurried.set(true);
        self.left.set(false);
        self.end_row()?;
        self.print(text)
    }

    /// How many rows stand there that nobody had time to read.
    pub fn unread(&self) -> usize {
        self.unread.get()
    }

    /// What stands there need not wait for a key.
    pub fn all_is_read(&self) {
        self.unread.set(0);
        self.hurried.set(false);
    }

    /// Waits for a key, however long that takes; below the cursor stands what the keys
    /// are, for as long as it waits.
    pub fn key(&self, keys: &str) -> Result<Key> {
        if self.left.get() {
            return Ok(Key::Leave);
        }
        self.show_below(keys)?;
        let key = loop {
            if let Some(key) = self.wait(None, Duration::from_secs(3600))? {
                break key;
            }
        };
        self.raw("\x1b[J")?;
        self.all_is_read();
        Ok(key)
    }

    /// Without moving the cursor, which may stand at the end of the last row. On a
    /// narrow screen the first and the last two of the keys are named.
    fn show_below(&self, keys: &str) -> Result<()> {
        let mut named: Vec<&str> = keys.split(KEYS).collect();
        while named.join(KEYS).chars().count() > self.width() && named.len() > 3 {
            named.remove(named.len() - 3);
        }
        let keys = self.styled(if self.look.big { "7" } else { "2" }, &named.join(KEYS));
        match self.column.get() {
            0 => self.raw(&format!("{keys}\r")),
            column => self.raw(&format!("\n{keys}\r\x1b[A\x1b[{column}C")),
        }
    }

    /// Asks for a number; `None` if the answer is none, or another key.
    pub fn ask(&self, question: &str) -> Result<Option<usize>> {
        self.end_row()?;
        let mut answer = String::new();
        loop {
            self.raw(&format!("\r\x1b[K{question}{answer}"))?;
            match self.wait(None, Duration::from_secs(3600))? {
                Some(Key::Digit(digit)) if answer.len() < 3 => answer.push(digit),
                Some(Key::Erase) => drop(answer.pop()),
                Some(Key::Digit(_)) | None => {}
                Some(key) => {
                    self.raw("\r\x1b[K")?;
                    self.left.set(key == Key::Leave);
                    return Ok(answer.parse().ok().filter(|_| key == Key::Go));
                }
            }
        }
    }

    /// Waits for a key or a signal, or until `other` can be read; `None` if neither
    /// key nor signal came.
    pub fn wait(&self, other: Option<BorrowedFd<'_>>, timeout: Duration) -> Result<Option<Key>> {
        self.wait_for(self.before.is_some(), other, timeout)
    }

    /// Whether a signal came that ends the demo; keys are left to whoever has the
    /// terminal.
    pub fn is_ended(&self) -> Result<bool> {
        Ok(self.wait_for(false, None, Duration::ZERO)?.is_some())
    }

    fn wait_for(&self, keys: bool, other: Option<BorrowedFd<'_>>, timeout: Duration) -> Result<Option<Key>> {
        if self.left.get() {
            return Ok(Some(Key::Leave));
        }
        let deadline = Instant::now() + timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let input = stdin();
            let mut ready = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
            ready.extend(other.map(|other| PollFd::new(other, PollFlags::POLLIN)));
            if keys {
                ready.push(PollFd::new(input.as_fd(), PollFlags::POLLIN));
            }
            match poll(&mut ready, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)) {
                // After a stop and a continuation, for one.
                Err(Errno::EINTR) => continue,
                result => result.map_err(Error::call("poll"))?,
            };
            let any = |at: usize| ready.get(at).and_then(|fd| fd.revents()).is_some_and(|events| !events.is_empty());
            if any(0) {
                return Ok(Some(Key::Leave));
            }
            let last = ready.len() - 1;
            if keys && any(last) {
                if let Some(key) = read_key()? {
                    return Ok(Some(key));
                }
            } else if other.is_some() && any(1) || Instant::now() >= deadline {
                return Ok(None);
            }
        }
    }

    /// Columns, less one: a line that fills the last one wraps on some terminals.
    fn width(&self) -> usize {
        window::size().0 - 1
    }

    fn styled(&self, style: &str, text: &str) -> String {
        if self.colors && !text.is_empty() { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.as_before();
    }
}
