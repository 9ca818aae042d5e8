//! A Dockerfile's text, and places in it.

use std::path::{Path, PathBuf};

use sys::Context;

use crate::diagnostic::{Diagnostic, Located};

/// A Dockerfile's text, with its name for messages.
#[derive(Clone, Debug)]
pub struct Source {
    pub file: PathBuf,
    pub text: String,
}

impl Source {
    /// Reads a Dockerfile.
    ///
    /// # Errors
    /// Those of open(2) and read(2), and text that is not UTF-8.
    pub fn read(file: &Path) -> sys::Result<Self> {
        let text = std::fs::read_to_string(file).context("read", file)?;
        Ok(Self { file: file.to_owned(), text })
    }

    /// The line with this number, counted from 1.
    pub fn line(&self, number: usize) -> &str {
        self.text.lines().nth(number - 1).unwrap_or_default()
    }

    /// Puts a diagnostic in its place. Both numbers are counted from 1, columns in characters.
    pub fn locate_at(&self, line: usize, column: usize, diagnostic: Diagnostic) -> Box<Located> {
        let text = self.line(line).to_owned();
        Box::new(Located { file: self.file.clone(), line, column, text, diagnostic })
    }

    /// Finds a diagnostic's word in the instruction that begins on `line`, which may
    /// go over several lines.
    pub fn locate(&self, line: usize, diagnostic: Diagnostic) -> Box<Located> {
        for (index, text) in self.text.lines().enumerate().skip(line - 1) {
            if let Some(bytes) = text.find(&diagnostic.word) {
                return self.locate_at(index + 1, text[..bytes].chars().count() + 1, diagnostic);
            }
            if !text.trim_end().ends_with('\\') {
                break;
            }
        }
        // The word is not in the text: it came out of a variable, for one.
        self.locate_at(line, 1, Diagnostic { word: String::new(), ..diagnostic })
    }
}
