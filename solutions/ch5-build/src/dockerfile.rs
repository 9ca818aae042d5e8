//! Step 1: read a Dockerfile, and say where it is wrong.

use std::path::{Path, PathBuf};

use crate::error::{Error, Fault, Problem, Result};
use crate::syntax::Instruction;

/// Every instruction there is, for suggestions.
pub const KEYWORDS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// A Dockerfile's text, with its name for messages.
#[derive(Clone, Debug)]
pub struct Source {
    pub file: PathBuf,
    pub text: String,
}

/// Reads the instructions of a Dockerfile.
///
/// # Errors
///
/// [`Error::Dockerfile`] with line, column, the line itself and, where one is
/// likely, a suggestion: `FORM` means `FROM`. The crate's error counts columns in
/// bytes, and gives line 0 for a file without instructions. Printed with `{:#}`, it
/// leaves out the place, which [`Source::fault_at`] adds.
pub fn parse(source: &Source) -> Result<Vec<Instruction>> {
    // ANCHOR: parse
    use crate::{documents, syntax};

    let masked = documents::masked(&source.text);
    let file = parse_dockerfile::parse(&masked).map_err(|error| {
        // A file without any FROM has no place to point at: the parser says line 0.
        let (line, column) = (error.line().max(1), error.column().max(1));
        // The parser counts bytes, people count characters.
        let (before, rest) = source.line(line).split_at_checked(column - 1).unwrap_or_default();
        let (column, word) = (before.chars().count() + 1, rest.split_whitespace().next().unwrap_or_default());
        let problem = Problem::new(word, format!("{error:#}"));
        let unknown = problem.message.starts_with("unknown instruction");
        match closest(word) {
            Some(keyword) if unknown => {
                source.fault_at(line, column, problem.suggest(format!("did you mean {keyword}?")))
            }
            _ => source.fault_at(line, column, problem),
        }
    })?;
    let mut instructions = Vec::new();
    for (index, parsed) in file.instructions.iter().enumerate() {
        let (start, action) = syntax::action(parsed, &source.text);
        let next = file.instructions.get(index + 1);
        let end = next.map_or(source.text.len(), |next| syntax::action(next, &source.text).0);
        let line = source.text[..start].matches('\n').count() + 1;
        let text = match documents::of_line(&source.text, start).last() {
            // The lines of a here-document are data: nothing in them is a comment.
            Some(document) => source.text[start..document.lines.end].trim_end().to_owned(),
            None => join(&source.text[start..end]),
        };
        let action = action.map_err(|problem| source.fault(line, problem))?;
        instructions.push(Instruction { line, text, action });
    }
    Ok(instructions)
    // ANCHOR_END: parse
}

/// The instruction that a misspelled word most likely means.
pub fn closest(word: &str) -> Option<&'static str> {
    let word = word.to_uppercase();
    let (keyword, changes) =
        KEYWORDS.map(|keyword| (keyword, distance(&word, keyword))).into_iter().min_by_key(|it| it.1)?;
    // More changes than a third of the word is another word, not a slip.
    (changes <= 1 + keyword.len() / 3).then_some(keyword)
}

/// How many letters must be added, removed, replaced or swapped with their neighbor.
pub fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut table = vec![vec![0; to.len() + 1]; from.len() + 1];
    for i in 0..=from.len() {
        for j in 0..=to.len() {
            table[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = table[i - 1][j - 1] + usize::from(from[i - 1] != to[j - 1]);
                let swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
                let swapped = if swapped { table[i - 2][j - 2] + 1 } else { replaced };
                replaced.min(swapped).min(table[i - 1][j] + 1).min(table[i][j - 1] + 1)
            };
        }
    }
    table[from.len()][to.len()]
}

/// One line out of several: continuation lines joined, comments and blank lines left out.
pub fn join(text: &str) -> String {
    let mut joined = String::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        match line.trim_end().strip_suffix('\\') {
            Some(begun) => joined.push_str(begun),
            None => joined.push_str(line),
        }
    }
    joined.trim_end().to_owned()
}

impl Source {
    /// Reads the file.
    pub fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file).map_err(Error::io("read", file))?;
        Ok(Self { file: file.to_owned(), text })
    }

    /// The line with this number, counted from 1.
    pub fn line(&self, number: usize) -> &str {
        self.text.lines().nth(number - 1).unwrap_or_default()
    }

    /// The problem at a place that is known.
    pub fn fault_at(&self, line: usize, column: usize, problem: Problem) -> Error {
        let source = self.line(line).to_owned();
        Error::Dockerfile(Box::new(Fault { file: self.file.clone(), line, column, source, problem }))
    }

    /// The problem at the first place of its word from `line` on: an
    /// instruction may go over several lines.
    pub fn fault(&self, line: usize, problem: Problem) -> Error {
        for (index, text) in self.text.lines().enumerate().skip(line - 1) {
            if let Some(bytes) = text.find(&problem.word) {
                return self.fault_at(index + 1, text[..bytes].chars().count() + 1, problem);
            }
            if !text.trim_end().ends_with('\\') {
                break;
            }
        }
        // The word is not there as it stands, such as one filled in from a variable.
        self.fault_at(line, 1, Problem { word: String::new(), ..problem })
    }
}
