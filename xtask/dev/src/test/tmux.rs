//! A real terminal for tests: tmux(1) with one pane.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::unistd::Pid;

use crate::stage::quiet;
use xtask::error::{Error, Result};
use xtask::files;
use xtask::repo::Repo;

/// How often to look at the screen.
const POLL_INTERVAL: Duration = Duration::from_millis(15);

/// Runs the program and then prints its exit code, because tmux(1) does not always notice the
/// end at once.
const RUN: &str = r#"trap : INT; "$@"; printf '[ended with %s]' $?; trap '' INT; exec sleep 1000"#;

/// How long a program may take to end once its terminal is closed.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Columns and rows.
#[derive(Clone, Copy, Debug)]
pub struct Size(pub usize, pub usize);

/// The terminal. It is closed when this is dropped, and what runs in it gets SIGHUP.
pub struct Terminal {
    /// Relative to the repository, because the path of a socket must be short (unix(7)).
    socket: PathBuf,
    root: PathBuf,
    size: Size,
}

/// What the terminal shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// How many rows have left the screen at the top.
    pub gone: usize,
    /// The rows, without those at the end that are empty.
    pub rows: Vec<String>,
    /// The program's exit code, in a shell's manner.
    pub ended: Option<i32>,
}

impl View {
    pub fn last(&self) -> &str {
        self.rows.last().map_or("", String::as_str)
    }

    /// Whether the demo waits for a key: then the last row is about the keys.
    pub fn waits(&self) -> bool {
        self.last().ends_with(" · q leave")
    }

    pub fn has(&self, words: &str) -> bool {
        self.rows.iter().any(|row| row.contains(words))
    }
}

impl Terminal {
    /// Opens one of this size and runs the program in it; `name` is for this test alone.
    pub fn open(repo: &Repo, name: &str, size: Size, program: &[String]) -> Result<Self> {
        let socket = PathBuf::from(format!("target/tmp/tmux-{}-{name}", std::process::id()));
        files::create_dir(&repo.target().join("tmp"))?;
        let terminal = Self { socket, root: repo.root().to_owned(), size };
        let mut command = terminal.tmux();
        command.args(["-f", "/dev/null", "start-server", ";", "set", "-g", "history-limit", "20000", ";"]);
        command.args(["new-session", "-d", "-x", &size.0.to_string(), "-y", &size.1.to_string()]);
        command.args(["sh", "-c", RUN, "terminal"]).args(program);
        quiet(&mut command)?;
        Ok(terminal)
    }

    fn tmux(&self) -> Command {
        let mut command = Command::new("tmux");
        // In UTF-8 whatever the locale is.
        command
            .current_dir(&self.root)
            .env("TERM", "xterm-256color")
            .env_remove("TMUX")
            .args(["-u", "-S"])
            .arg(&self.socket);
        command
    }

    fn ask(&self, arguments: &[&str]) -> Result<String> {
        Ok(String::from_utf8_lossy(&quiet(self.tmux().args(arguments))?.stdout).into_owned())
    }

    /// Presses keys, by their names in tmux(1).
    pub fn press(&self, keys: &[&str]) -> Result<()> {
        self.ask(&[&["send-keys"], keys].concat()).map(drop)
    }

    pub fn view(&self) -> Result<View> {
        let text = self.ask(&["display-message", "-p", "#{history_size}", ";", "capture-pane", "-p"])?;
        let (gone, rows) = text.split_once('\n').unwrap_or_default();
        let mut rows: Vec<String> = rows.lines().map(str::to_owned).collect();
        rows.truncate(rows.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1));
        let code = rows.last().and_then(|row| row.strip_prefix("[ended with ")?.strip_suffix(']'));
        let ended = code.and_then(|code| code.parse().ok());
        Ok(View { gone: gone.parse().unwrap_or(0), rows, ended })
    }

    /// Polls until the screen is as `wanted`. `what` describes that in an error message.
    pub fn wait(&self, what: &str, timeout: Duration, wanted: impl Fn(&View) -> bool) -> Result<View> {
        let deadline = Instant::now() + timeout;
        loop {
            let view = self.view()?;
            if wanted(&view) {
                return Ok(view);
            }
            if Instant::now() >= deadline {
                let screen = view.rows.join("\n");
                return Err(Error::Failed(format!(
                    "no {what} within {} s on this screen:\n{screen}",
                    timeout.as_secs()
                )));
            }
            sleep(POLL_INTERVAL);
        }
    }

    /// Every line that was printed; those that the terminal had to wrap are joined again.
    pub fn everything(&self) -> Result<Vec<String>> {
        let text = self.ask(&["capture-pane", "-p", "-J", "-S", "-"])?;
        Ok(text.lines().map(|line| line.trim_end().to_owned()).collect())
    }

    /// The program's process, while it runs.
    pub fn process(&self) -> Result<Option<Pid>> {
        let shell = self.ask(&["display-message", "-p", "#{pane_pid}"])?;
        let path = format!("/proc/{0}/task/{0}/children", shell.trim());
        let children = fs::read_to_string(&path).map_err(Error::file("read", path.as_ref()))?;
        Ok(children.trim().parse().ok().map(Pid::from_raw))
    }

    /// Closes it: what runs in it gets SIGHUP.
    pub fn close(&self) -> Result<()> {
        self.ask(&["kill-server"]).map(drop)
    }

    pub fn size(&self) -> Size {
        self.size
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let process = self.process();
        // It may be closed already.
        let _ = self.tmux().arg("kill-server").output();
        let _ = fs::remove_file(self.root.join(&self.socket));
        if let Ok(Some(process)) = process {
            ended_within(process, TIMEOUT);
        }
    }
}

/// Waits until a process has ended; false if it has not after `timeout`.
pub fn ended_within(process: Pid, timeout: Duration) -> bool {
    let deadline = Instant::now() + timeout;
    while is_running(process) {
        if Instant::now() >= deadline {
            return false;
        }
        sleep(POLL_INTERVAL);
    }
    true
}

/// Whether a process exists and is not a zombie (proc_pid_stat(5)).
fn is_running(process: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with(['Z', 'X']))
}
