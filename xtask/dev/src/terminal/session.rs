//! One shell in a sandbox.

use std::io::{self, PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Pid, setsid};

use super::Programs;
use xtask::error::{Error, Result};
use xtask::files;
use xtask::repo::{HARNESS, Repo};
use xtask::sandbox::{Ended, SCRATCH};

/// How long a session may last: a lesson, with a break.
const LONGEST: Duration = Duration::from_secs(6 * 60 * 60);

/// How long the shell may take to start, in a virtual machine on a busy host.
const START: Duration = Duration::from_secs(60);

/// Encloses the exit code of a command; no text contains this byte.
const MARK: u8 = 0x1e;

/// Runs as the first program of the sandbox. It makes `/tmp` of the empty directory
/// that the sandbox gives, so that paths are short and the same everywhere, and then
/// becomes the shell that reads commands.
///
/// Arguments: the empty directory, those with the programs and the pantry, and a time for
/// faketime(1) or nothing. The commands come from what was the standard error of the sandbox.
const PREPARE: &str = r#"
exec 3<&2 2>&1
set -e
scratch=$1
mkdir "$scratch/bin" "$scratch/home" "$scratch/pantry" "$scratch/try"
mount --bind "$2" "$scratch/bin"
mount --bind "$3" "$scratch/pantry"
mount --rbind "$scratch" /tmp
cd /tmp/try
hostname kitchen
export PATH=/tmp/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp/home
export GALLEY_HOME=/tmp/home/galley GALLEY_PANTRY=/tmp/pantry
export LC_ALL=C.UTF-8 TZ=UTC PS1='\w \$ '
unset TMPDIR XDG_DATA_HOME XDG_RUNTIME_DIR DOCKER_CONFIG REGISTRY_AUTH_FILE
if [ "$4" ]; then export LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketime.so.1) FAKETIME="$4"; fi
set +e -a
. /proc/self/fd/3
"#;

/// A shell that keeps its directory, variables and background processes from one
/// command to the next. When this is dropped, all of it is gone.
pub struct Session {
    /// The sandbox's supervisor, or the shell itself where there is no sandbox.
    child: Child,
    /// What the supervisor reports; it ends everything when this is closed.
    report: Option<PipeReader>,
    commands: PipeWriter,
    output: PipeReader,
    /// Output that was received and not yet returned.
    waiting: Vec<u8>,
}

/// What has come out of the shell.
#[derive(Debug, PartialEq, Eq)]
pub enum News {
    Output(Vec<u8>),
    /// The command has ended, with this code; others that it started may go on.
    Done(u8),
}

/// What a command did.
#[derive(Debug)]
pub struct Said {
    pub code: u8,
    pub output: String,
}

impl Session {
    /// Starts a sandbox with a shell in it, in which it is another time if `clock` has one.
    pub fn start(repo: &Repo, programs: &Programs, clock: Option<&str>) -> Result<Self> {
        let scratch = repo.target().join(SCRATCH);
        files::create_dir(&scratch)?;
        let (report, report_end) = pipe().map_err(no_pipe)?;
        let mut command = Command::new(HARNESS);
        command.arg("sandbox").arg("--scratch").arg(&scratch);
        command.arg("--time").arg(LONGEST.as_millis().to_string());
        command.args(["--", "sh", "-c", PREPARE, "terminal"]).arg(&scratch);
        command.arg(&programs.directory).arg(&programs.pantry).arg(clock.unwrap_or_default());
        command.stdin(report_end);
        Self::over(command, Some(report))
    }

    /// Starts a shell on this machine itself; `environment` is an `sh` without
    /// arguments.
    pub fn outside(mut environment: Command) -> Result<Self> {
        environment.args(["-c", "exec 3<&2 2>&1; set -a; . /proc/self/fd/3"]);
        Self::over(environment, None)
    }

    fn over(mut command: Command, report: Option<PipeReader>) -> Result<Self> {
        let (commands_end, commands) = pipe().map_err(no_pipe)?;
        let (output, output_end) = pipe().map_err(no_pipe)?;
        command.stdout(output_end).stderr(commands_end);
        // In a new session, Ctrl-C reaches only this process, which then ends the shell; and no
        // background job is stopped for using the terminal.
        // SAFETY: setsid(2) may be called between fork and exec (signal-safety(7)).
        unsafe { command.pre_exec(|| setsid().map(drop).map_err(io::Error::from)) };
        let child = command.spawn().map_err(Error::file("run", Path::new("the shell")))?;
        drop(command);
        let mut session = Self { child, report, commands, output, waiting: Vec::new() };
        session.run(":", START, |_| true)?;
        Ok(session)
    }

    /// Types one command, of one or more lines.
    pub fn send(&mut self, command: &str) -> Result<()> {
        let quoted = command.replace('\'', r"'\''");
        let line = format!("eval '{quoted}' </dev/null; printf '\\036%s\\036' $?\n");
        self.commands.write_all(line.as_bytes()).map_err(|_| self.fault())
    }

    /// Waits for output or an exit code; `None` after `timeout`.
    pub fn next(&mut self, timeout: Duration) -> Result<Option<News>> {
        if let Some(news) = self.take() {
            return Ok(Some(news));
        }
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        let mut ready = [PollFd::new(self.output.as_fd(), PollFlags::POLLIN)];
        if poll(&mut ready, timeout).map_err(Error::call("poll"))? == 0 {
            return Ok(None);
        }
        self.receive()?;
        Ok(self.take())
    }

    /// The descriptor that becomes readable when there is output.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }

    /// Runs a command to its end, and waits until `enough` was printed, because a background job
    /// that it started may print later.
    pub fn run(&mut self, command: &str, timeout: Duration, enough: impl Fn(&[u8]) -> bool) -> Result<Said> {
        self.send(command)?;
        let deadline = Instant::now() + timeout;
        let (mut output, mut code) = (Vec::new(), None);
        loop {
            if let Some(code) = code.filter(|_| enough(&output)) {
                return Ok(Said { code, output: String::from_utf8_lossy(&output).into_owned() });
            }
            match self.next(deadline.saturating_duration_since(Instant::now()))? {
                Some(News::Output(bytes)) => output.extend(bytes),
                Some(News::Done(ended)) => code = Some(ended),
                None if Instant::now() < deadline => {}
                None => return Err(not_in_time(command, code, timeout, &output)),
            }
        }
    }

    fn receive(&mut self) -> Result<()> {
        let mut bytes = [0; 8192];
        let count = self.output.read(&mut bytes).map_err(Error::file("read from", Path::new("the shell")))?;
        if count == 0 {
            return Err(self.fault());
        }
        self.waiting.extend_from_slice(&bytes[..count]);
        Ok(())
    }

    /// The next piece of output or exit code, if it is complete.
    fn take(&mut self) -> Option<News> {
        match self.waiting.iter().position(|byte| *byte == MARK) {
            None if self.waiting.is_empty() => None,
            None => Some(News::Output(std::mem::take(&mut self.waiting))),
            Some(0) => {
                // Without the second mark, the rest has not arrived yet.
                let end = 1 + self.waiting.iter().skip(1).position(|byte| *byte == MARK)?;
                let code: Vec<u8> = self.waiting.drain(..=end).collect();
                let code = String::from_utf8_lossy(&code[1..end]).parse().unwrap_or(u8::MAX);
                Some(News::Done(code))
            }
            Some(at) => Some(News::Output(self.waiting.drain(..at).collect())),
        }
    }

    /// Why the shell is gone, according to the supervisor.
    fn fault(&mut self) -> Error {
        let (mut text, mut how) = (String::new(), "has ended".to_owned());
        if let Some(mut report) = self.report.take()
            && self.child.wait().is_ok()
            && report.read_to_string(&mut text).is_ok()
        {
            match Ended::read(&text) {
                Err(error) => return error,
                Ok(Ended { limit: Some(limit), .. }) => how = format!("was ended by the limit on {limit}"),
                Ok(Ended { code: Some(code), .. }) => how = format!("has ended with exit code {code}"),
                Ok(_) => {}
            }
        }
        let said = String::from_utf8_lossy(&self.waiting);
        Error::Program {
            program: "the shell".to_owned(),
            fault: format!("{how} {}", said.trim()).trim_end().to_owned(),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.report.take().is_none() {
            // No supervisor: end the shell and what it waits for. It may be gone already.
            let _ = killpg(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGKILL);
        }
        // A supervisor notices that nobody reads its report; it kills everything inside
        // and removes the control group.
        if let Err(error) = self.child.wait() {
            eprintln!("xtask: the shell was not seen to end: {error}");
        }
    }
}

fn not_in_time(command: &str, code: Option<u8>, timeout: Duration, output: &[u8]) -> Error {
    let did_not = if code.is_some() { "did not print all that is shown" } else { "did not end" };
    let said = String::from_utf8_lossy(output);
    Error::Failed(format!("`{command}` {did_not} within {} s; it said:\n{said}", timeout.as_secs()))
}

fn no_pipe(error: io::Error) -> Error {
    Error::file("make", Path::new("a pipe"))(error)
}
