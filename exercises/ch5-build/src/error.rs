//! What can go wrong in a build, and where in the Dockerfile it is.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The chapter's result type.
pub type Result<T> = std::result::Result<T, Error>;

/// What is wrong with one instruction, before anyone knows which line it is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, without a full stop.
    pub message: String,
    /// The word to point at. Empty means the instruction's first word.
    pub word: String,
    /// The next step to take, where one is known.
    pub suggestion: Option<String>,
}

impl Problem {
    /// A problem with `word`.
    pub fn new(word: &str, message: impl Into<String>) -> Self {
        Self { message: message.into(), word: word.to_owned(), suggestion: None }
    }

    /// The same problem with a next step.
    pub fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.suggestion.iter().try_for_each(|suggestion| write!(f, "; {suggestion}"))
    }
}

/// A problem and its place, shown as a compiler would show it.
#[derive(Debug)]
pub struct Fault {
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// The line itself.
    pub source: String,
    pub problem: Problem,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, source, problem, .. } = self;
        writeln!(f, "{}:{line}:{column}: {}", self.file.display(), problem.message)?;
        let margin = " ".repeat(line.to_string().len());
        // Tabs stay tabs, so that the marks stand below what they mark.
        let blanks: String = source.chars().take(column - 1).map(|c| if c == '\t' { c } else { ' ' }).collect();
        let marks = "^".repeat(problem.word.chars().count().max(1));
        write!(f, " {line} | {source}\n {margin} | {blanks}{marks}")?;
        problem.suggestion.iter().try_for_each(|suggestion| write!(f, " {suggestion}"))
    }
}

impl std::error::Error for Problem {}

/// Why a build stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The Dockerfile is wrong, or asks for what cannot be had.
    #[error("{0}")]
    Dockerfile(Box<Fault>),
    /// The same, before the line is known.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// An instruction that is right, but could not be carried out.
    #[error("{}:{line}: {source}", file.display())]
    Step { file: PathBuf, line: usize, source: Box<Error> },
    /// A command of RUN ended with another code than 0.
    #[error("RUN ended with exit code {code}: {}", first_line(command))]
    Run { command: String, code: u8 },
    /// A command of RUN could not be started at all.
    #[error("RUN could not start its command: {0}")]
    Start(#[from] sys::StartError),
    /// The caller could not give RUN's process a control group.
    #[error("RUN's process got no control group: {0}")]
    Group(String),
    /// A word with a NUL byte, which no process can be given.
    #[error("'{0}' has a NUL byte in it")]
    Nul(String),
    /// The kernel or a file system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    /// A call of the kernel, as chapters 1 and 2 report it.
    #[error(transparent)]
    Kernel(#[from] sys::Error),
    /// The store, as chapter 4 reports it.
    #[error(transparent)]
    Images(#[from] images::Error),
    /// Names and unpacked layers.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// Of a here-document the first line says which it is.
fn first_line(command: &str) -> String {
    let mut lines = command.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default().trim_end();
    if lines.next().is_some() { format!("{first} …") } else { first.to_owned() }
}

impl From<archive::Error> for Error {
    fn from(error: archive::Error) -> Self {
        Self::Images(error.into())
    }
}

impl Error {
    /// For `map_err`: what was being done to which path.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    /// The exit code that says the most: a failed RUN's own, otherwise 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Step { source, .. } => source.exit_code(),
            Self::Run { code, .. } => *code,
            Self::Start(error) => error.code,
            _ => 1,
        }
    }
}
