//! Given: here-documents, wherever they stand in a line.
//!
//! The grammar's crate knows them as sources of COPY and as the first word of
//! RUN. A shell takes them anywhere, as in `RUN python3 <<EOF`, and so do Docker
//! and galley.

use std::ops::Range;

use crate::dockerfile::join;
use crate::variables::words;

/// A here-document's place in the Dockerfile.
pub struct Document {
    /// The word that ends it.
    pub name: String,
    /// Its lines.
    pub lines: Range<usize>,
    /// Where the line with its name ends; nothing if there is none.
    pub end: Option<usize>,
}

/// The Dockerfile with comments in the place of what the crate would take for
/// instructions. They are as long, so that all positions stay right.
pub fn masked(text: &str) -> String {
    let mut masked = text.to_owned();
    let mut at = 0;
    while at < text.len() {
        let documents = of_line(text, at);
        let known = if keyword(text, at) == "RUN" { usize::from(is_first(text, at)) } else { documents.len() };
        for document in documents.iter().skip(known) {
            let range = document.lines.start..document.end.unwrap_or(text.len());
            let comments: String =
                text[range.clone()].bytes().map(|byte| if byte == b'\n' { '\n' } else { '#' }).collect();
            masked.replace_range(range, &comments);
        }
        let end = documents.last().map_or_else(|| end_of_line(text, at), |last| last.end.unwrap_or(text.len()));
        at = end + 1;
    }
    masked
}

/// The here-documents of the instruction that begins at `start`.
pub fn of_line(text: &str, start: usize) -> Vec<Document> {
    if !["RUN", "COPY", "ADD"].contains(&keyword(text, start).as_str()) {
        return Vec::new();
    }
    let end = end_of_line(text, start);
    let mut at = (end + 1).min(text.len());
    let mut documents = Vec::new();
    for word in words(&join(&text[start..end])) {
        let Some((name, tabs)) = marker(word) else { continue };
        let document = find(text, at, name, tabs);
        at = document.end.map_or(text.len(), |end| (end + 1).min(text.len()));
        documents.push(document);
    }
    documents
}

/// What RUN hands to the shell: its words without flags, on one line.
pub fn command_line(text: &str, start: usize) -> String {
    let line = join(&text[start..end_of_line(text, start)]);
    let mut rest = line.trim_start().split_at_checked("RUN".len()).map_or("", |(_, rest)| rest.trim_start());
    while rest.starts_with("--") {
        rest = rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start());
    }
    rest.to_owned()
}

/// Whether the crate knows the first here-document of this RUN.
fn is_first(text: &str, start: usize) -> bool {
    words(&command_line(text, start)).first().is_some_and(|word| word.starts_with("<<") && marker(word).is_some())
}

/// The line's first word in capitals; empty for comments and blank lines.
fn keyword(text: &str, start: usize) -> String {
    let line = text[start..].lines().next().unwrap_or_default().trim_start();
    line.split_whitespace().next().filter(|word| !word.starts_with('#')).unwrap_or_default().to_uppercase()
}

/// Where the line that begins at `start` ends, with those that continue it.
fn end_of_line(text: &str, start: usize) -> usize {
    let mut at = start;
    let mut goes_on = false;
    loop {
        let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        let line = text[at..end].trim();
        // Between continued lines comments and blank lines do not count.
        let passed_over = goes_on && (line.is_empty() || line.starts_with('#'));
        goes_on = passed_over || (line.ends_with('\\') && !line.starts_with('#'));
        if !goes_on || end == text.len() {
            return end;
        }
        at = end + 1;
    }
}

/// The name behind `<<`, and whether tabs in front of its lines count for nothing.
fn marker(word: &str) -> Option<(String, bool)> {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
    let (rest, tabs) = rest.strip_prefix('-').map_or((rest, false), |rest| (rest, true));
    let name: String = rest.chars().filter(|c| !matches!(c, '"' | '\'' | '\\')).collect();
    (!name.is_empty() && !name.contains('<')).then_some((name, tabs))
}

fn find(text: &str, start: usize, name: String, tabs: bool) -> Document {
    let mut at = start;
    for line in text[start..].split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        if (if tabs { bare.trim_start_matches('\t') } else { bare }) == name {
            return Document { name, lines: start..at, end: Some(at + bare.len()) };
        }
        at += line.len();
    }
    Document { name, lines: start..text.len(), end: None }
}
