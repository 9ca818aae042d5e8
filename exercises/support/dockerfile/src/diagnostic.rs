//! What is wrong in a Dockerfile, first without its place and then with it.

use std::fmt;
use std::path::PathBuf;

/// What is wrong with one instruction, before its line is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong, without a full stop.
    pub message: String,
    /// The word to point at. Empty means the instruction's first word.
    pub word: String,
    /// The next step to take, where one is known.
    pub suggestion: Option<String>,
}

impl Diagnostic {
    /// A diagnostic that points at `word`.
    pub fn new(word: &str, message: impl Into<String>) -> Self {
        Self { message: message.into(), word: word.to_owned(), suggestion: None }
    }

    /// Adds the next step to take.
    pub fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.suggestion.iter().try_for_each(|suggestion| write!(f, "; {suggestion}"))
    }
}

impl std::error::Error for Diagnostic {}

/// A diagnostic in its place, shown as a compiler shows it.
#[derive(Debug)]
pub struct Located {
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// The text of the line.
    pub text: String,
    pub diagnostic: Diagnostic,
}

impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, text, diagnostic, .. } = self;
        writeln!(f, "{}:{line}:{column}: {}", self.file.display(), diagnostic.message)?;
        let margin = " ".repeat(line.to_string().len());
        // Tabs stay tabs, so that the marks stand below what they mark.
        let blanks: String = text.chars().take(column - 1).map(|c| if c == '\t' { c } else { ' ' }).collect();
        let marks = "^".repeat(diagnostic.word.chars().count().max(1));
        write!(f, " {line} | {text}\n {margin} | {blanks}{marks}")?;
        diagnostic.suggestion.iter().try_for_each(|suggestion| write!(f, " {suggestion}"))
    }
}

impl std::error::Error for Located {}
