//! The terminal that a demo is played on: what is printed, and which keys come.

use std::io::{self, IsTerminal, Write, stdin, stdout};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::ttyname;

use crate::error::{Error, Result};

/// Prose is not wider than this, as in a book; with large type it uses the screen.
const BOOK_WIDTH: usize = 78;

/// One letter of a command, while it is typed out; and the longest for a command.
const LETTER: Duration = Duration::from_millis(14);
const TYPING: Duration = Duration::from_millis(700);

pub const HELP: &str = "Enter run, go on · n skip · b back · j step · s shell · q leave";

/// What the instructor wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Go,
    Skip,
    Back,
    Jump,
    Shell,
    Help,
    Leave,
}

/// How it looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// For a projector: air around everything, nothing dim, each part on a clear
    /// screen.
    pub big: bool,
    /// Nobody presses a key.
    pub auto: bool,
}

/// The terminal, in a mode where each key comes at once; as it was, when dropped.
pub struct Screen {
    pub look: Look,
    before: Option<Termios>,
    signals: SignalFd,
    colors: bool,
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
        let screen = Self { look, before, signals, colors: crate::check::colored() };
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

    /// The terminal's name, while its mode is as it was before, for a shell.
    pub fn lend<T>(&self, work: impl FnOnce(PathBuf) -> Result<T>) -> Result<T> {
        let name = ttyname(stdin()).map_err(Error::call("ttyname"))?;
        self.as_before();
        let result = work(name);
        self.keys_at_once()?;
        result
    }

    pub fn heading(&self, title: &str) -> Result<()> {
        let line = "=".repeat(title.chars().count().min(self.width()));
        let start = match (self.look.big, self.look.auto) {
            (true, false) => "\x1b[2J\x1b[H\n",
            (true, true) => "\n\n",
            _ => "\n",
        };
        self.print(&format!("{start}{}\n{}\n", self.styled("1", title), self.styled("1", &line)))?;
        self.air()
    }

    pub fn note(&self, text: &str) -> Result<()> {
        // What is dim on a desk cannot be read on a wall.
        let style = if self.look.big { "36" } else { "2" };
        for line in wrapped(&plain(text), self.text_width()) {
            self.print(&format!("{}\n", self.styled(style, &line)))?;
        }
        self.air()
    }

    /// Types a command out, as a hand would; any key ends the typing.
    pub fn command(&self, command: &str) -> Result<()> {
        let marks = std::iter::once("$ ").chain(std::iter::repeat("> "));
        let text: String =
            command.lines().zip(marks).map(|(line, mark)| format!("{mark}{line}")).collect::<Vec<_>>().join("\n");
        self.print("\n")?;
        if self.look.auto {
            return self.print(&format!("{text}\n"));
        }
        let pause = LETTER.min(TYPING / u32::try_from(text.len()).unwrap_or(u32::MAX).max(1));
        let mut hurried = false;
        for letter in text.chars() {
            self.print(&self.styled("1", &letter.to_string()))?;
            hurried = hurried || self.wait(None, pause)?.is_some();
        }
        Ok(())
    }

    pub fn words(&self, text: &str) -> Result<()> {
        self.print(&format!("{}\n", self.styled("2", text)))
    }

    pub fn print(&self, text: &str) -> Result<()> {
        self.bytes(text.as_bytes())
    }

    /// Prints what a program said. A closed terminal is no reason to leave the rest
    /// undone: the signal that tells of it comes as a key.
    pub fn bytes(&self, bytes: &[u8]) -> Result<()> {
        let mut out = stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(error) if error.raw_os_error() != Some(nix::libc::EIO) => {
                Err(Error::file("write to", "standard output".as_ref())(error))
            }
            _ => Ok(()),
        }
    }

    fn air(&self) -> Result<()> {
        if self.look.big { self.print("\n") } else { Ok(()) }
    }

    /// Waits for a key, however long that takes.
    pub fn key(&self) -> Result<Key> {
        loop {
            if let Some(key) = self.wait(None, Duration::from_secs(3600))? {
                return Ok(key);
            }
        }
    }

    /// Asks for a line, such as a step's number.
    pub fn ask(&self, question: &str) -> Result<String> {
        self.print(&format!("\n{question}"))?;
        self.as_before();
        let mut line = String::new();
        let read = stdin().read_line(&mut line);
        self.keys_at_once()?;
        read.map_err(Error::file("read", "standard input".as_ref()))?;
        Ok(line.trim().to_owned())
    }

    /// Waits for a key or a signal, or until `other` can be read; `None` if neither
    /// key nor signal came.
    pub fn wait(&self, other: Option<BorrowedFd<'_>>, patience: Duration) -> Result<Option<Key>> {
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let keys = stdin();
            let mut ready = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
            ready.extend(other.map(|other| PollFd::new(other, PollFlags::POLLIN)));
            if self.before.is_some() {
                ready.push(PollFd::new(keys.as_fd(), PollFlags::POLLIN));
            }
            let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
            poll(&mut ready, timeout).map_err(Error::call("poll"))?;
            let any = |at: usize| ready.get(at).and_then(|fd| fd.revents()).is_some_and(|events| !events.is_empty());
            if any(0) {
                return Ok(Some(Key::Leave));
            }
            let last = ready.len() - 1;
            if self.before.is_some() && any(last) {
                if let Some(key) = read_key()? {
                    return Ok(Some(key));
                }
            } else if other.is_some() && any(1) || Instant::now() >= deadline {
                return Ok(None);
            }
        }
    }

    fn text_width(&self) -> usize {
        if self.look.big { self.width() } else { self.width().min(BOOK_WIDTH) }
    }

    /// Columns, less one: a line that fills the last one wraps on some terminals.
    fn width(&self) -> usize {
        if !stdout().is_terminal() {
            return BOOK_WIDTH;
        }
        // SAFETY: `winsize` is plain old data, for which all zeroes is a valid value.
        let mut size: nix::libc::winsize = unsafe { std::mem::zeroed() };
        // SAFETY: the descriptor is open and the structure outlives the call, which
        // fills it (ioctl_tty(2)).
        let result = unsafe { nix::libc::ioctl(stdout().as_raw_fd(), nix::libc::TIOCGWINSZ, &mut size) };
        if result == 0 && size.ws_col > 20 { usize::from(size.ws_col) - 1 } else { BOOK_WIDTH }
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

/// The key that was pressed; `None` for one that means nothing here.
fn read_key() -> Result<Option<Key>> {
    let mut bytes = [0; 16];
    let count = match nix::unistd::read(stdin(), &mut bytes) {
        // A terminal that was closed: EIO, or the end.
        Err(nix::errno::Errno::EIO) => 0,
        other => other.map_err(Error::call("read"))?,
    };
    Ok(match &bytes[..count] {
        [b'\r' | b'\n' | b' ', ..] => Some(Key::Go),
        [b'n' | b'N', ..] | [0x1b, b'[', b'C', ..] => Some(Key::Skip),
        [b'b' | b'B', ..] | [0x1b, b'[', b'D', ..] => Some(Key::Back),
        [b'j' | b'J', ..] => Some(Key::Jump),
        [b's' | b'S', ..] => Some(Key::Shell),
        [b'?' | b'h', ..] => Some(Key::Help),
        [] | [b'q' | b'Q' | 3 | 4, ..] => Some(Key::Leave),
        _ => None,
    })
}

/// Markdown as it reads on a terminal: without the marks for bold, code and links.
fn plain(markdown: &str) -> String {
    let text = markdown.replace("**", "").replace('`', "");
    let mut shown = String::new();
    let mut rest = text.as_str();
    while let Some(open) = rest.find('[') {
        let link = rest[open..].find("](").and_then(|middle| {
            let end = rest[open + middle..].find(')')?;
            Some((&rest[open + 1..open + middle], open + middle + end + 1))
        });
        let (label, end) = link.unwrap_or(("[", open + 1));
        shown.push_str(&rest[..open]);
        shown.push_str(label);
        rest = &rest[end..];
    }
    shown + rest
}

/// Paragraphs and list items, each in lines of at most `width` characters.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        let starts_item = line.trim_start().starts_with("- ");
        if line.trim().is_empty() {
            lines.push(String::new());
            open = false;
            continue;
        }
        if starts_item || !open {
            lines.push(String::new());
        }
        open = true;
        for word in line.split_whitespace() {
            let Some(last) = lines.last_mut() else { continue };
            if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > width {
                lines.push(word.to_owned());
            } else {
                if !last.is_empty() {
                    last.push(' ');
                }
                last.push_str(word);
            }
        }
    }
    lines
}

/// Whether somebody can press keys.
pub fn has_keys() -> bool {
    stdin().is_terminal() && io::stdout().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_shown_without_its_marks() {
        assert_eq!(plain("Say **this** of `ls`, see [man](https://x/y) [1]."), "Say this of ls, see man [1].");
    }

    #[test]
    fn text_is_wrapped_and_items_begin_a_line() {
        let lines = wrapped("one two\nthree four\n\n- five\n- six seven eight", 9);
        assert_eq!(lines, ["one two", "three", "four", "", "- five", "- six", "seven", "eight"]);
    }
}
