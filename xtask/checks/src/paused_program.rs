//! A program that is kept alive while a check looks at it from outside.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use crate::{View, kernel};

/// A running program whose probe was asked to `hold`.
///
/// The probe reports its lines, then waits for the end of its standard input;
/// [`PausedProgram::release`] gives it that, and waits for the end.
pub struct PausedProgram {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl PausedProgram {
    /// Starts `program` with a pipe at its standard input and output.
    pub fn start(program: &Path, arguments: &[&str]) -> Self {
        Self::spawn(Command::new(program).args(arguments))
    }

    /// The same for a prepared command.
    pub fn spawn(command: &mut Command) -> Self {
        let program = command.get_program().to_owned();
        let mut child = match command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() {
            Ok(child) => child,
            Err(error) => panic!("{} could not be started: {error}", program.display()),
        };
        match child.stdout.take() {
            Some(stdout) => Self { child, output: BufReader::new(stdout) },
            None => panic!("no pipe from {}", program.display()),
        }
    }

    /// The process id of the program itself, as the host sees it.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The process id of the probe: of the program itself, if that has become the
    /// probe, or of a descendant that has.
    pub fn probe_id(&self) -> u32 {
        let mut pids = vec![self.id()];
        while let Some(pid) = pids.pop() {
            if kernel::is_probe(pid) {
                return pid;
            }
            pids.extend(kernel::children(pid));
        }
        panic!("the program is not running what it was given, or has ended before it");
    }

    /// Writes a line to the program's standard input, which stays open.
    pub fn send(&mut self, line: &str) {
        if let Some(stdin) = &mut self.child.stdin
            && let Err(error) = writeln!(stdin, "{line}")
        {
            panic!("the program no longer reads its standard input: {error}");
        }
    }

    /// Reads the probe's report of `lines` lines; blocks until they are there or
    /// the program ends.
    pub fn report(&mut self, lines: usize) -> View {
        let mut text = String::new();
        for _ in 0..lines {
            if self.line(&mut text) == 0 {
                break;
            }
        }
        View::parse(&text)
    }

    /// Reads the probe's report up to the first line with this key.
    pub fn report_to(&mut self, key: &str) -> View {
        let mut text = String::new();
        while View::parse(&text).get(key).is_empty() && self.line(&mut text) > 0 {}
        View::parse(&text)
    }

    fn line(&mut self, text: &mut String) -> usize {
        match self.output.read_line(text) {
            Ok(read) => read,
            Err(error) => panic!("the program's output could not be read: {error}"),
        }
    }

    /// Resumes the probe, and returns how the program ended and what else it printed.
    pub fn release(mut self) -> (ExitStatus, String) {
        drop(self.child.stdin.take());
        let mut rest = String::new();
        if let Err(error) = self.output.read_to_string(&mut rest) {
            panic!("the program's output could not be read: {error}");
        }
        match self.child.wait() {
            Ok(status) => (status, rest),
            Err(error) => panic!("the program could not be waited for: {error}"),
        }
    }
}

impl Drop for PausedProgram {
    /// A check that fails half-way must not leave its program behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
