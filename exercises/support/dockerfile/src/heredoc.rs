//! Here-documents, wherever they stand in a line.
//!
//! The grammar's crate knows them as sources of COPY and as the first word of RUN. A
//! shell takes them anywhere, as in `RUN python3 <<EOF`, and so do Docker and galley.

use std::ops::Range;

use crate::words::{join_lines, words};

/// Where a here-document is in the Dockerfile.
pub struct Region {
    /// The word that ends it.
    pub name: String,
    /// Its lines, in bytes.
    pub lines: Range<usize>,
    /// The end of the line with its name; `None` if that line is missing.
    pub end: Option<usize>,
}

/// Replaces the here-documents that the crate would take for instructions with comments
/// of the same length, so that line and column numbers stay correct.
pub fn mask(text: &str) -> String {
    let mut masked = text.to_owned();
    let mut at = 0;
    while at < text.len() {
        let regions = regions(text, at);
        let known = if keyword(text, at) == "RUN" { usize::from(is_first(text, at)) } else { regions.len() };
        for region in regions.iter().skip(known) {
            let range = region.lines.start..region.end.unwrap_or(text.len());
            let comments: String =
                text[range.clone()].bytes().map(|byte| if byte == b'\n' { '\n' } else { '#' }).collect();
            masked.replace_range(range, &comments);
        }
        at = regions.last().map_or_else(|| line_end(text, at), |last| last.end.unwrap_or(text.len())) + 1;
    }
    masked
}

/// The here-documents of the instruction that begins at byte `start`.
pub fn regions(text: &str, start: usize) -> Vec<Region> {
    if !["RUN", "COPY", "ADD"].contains(&keyword(text, start).as_str()) {
        return Vec::new();
    }
    let end = line_end(text, start);
    let mut at = (end + 1).min(text.len());
    let mut regions = Vec::new();
    for word in words(&join_lines(&text[start..end])) {
        let Some((name, tabs)) = marker(word) else { continue };
        let region = find_end(text, at, name, tabs);
        at = region.end.map_or(text.len(), |end| (end + 1).min(text.len()));
        regions.push(region);
    }
    regions
}

/// What the RUN at byte `start` hands to the shell: its words without flags, on one line.
pub fn command_line(text: &str, start: usize) -> String {
    let line = join_lines(&text[start..line_end(text, start)]);
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

/// The end of the line that begins at `start`, and of those that continue it.
fn line_end(text: &str, start: usize) -> usize {
    let mut at = start;
    let mut continued = false;
    loop {
        let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        let line = text[at..end].trim();
        // Between continued lines comments and blank lines do not count.
        let skipped = continued && (line.is_empty() || line.starts_with('#'));
        continued = skipped || (line.ends_with('\\') && !line.starts_with('#'));
        if !continued || end == text.len() {
            return end;
        }
        at = end + 1;
    }
}

/// The name after `<<`, and whether tabs at the start of its lines are ignored (`<<-`).
fn marker(word: &str) -> Option<(String, bool)> {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
    let (rest, tabs) = rest.strip_prefix('-').map_or((rest, false), |rest| (rest, true));
    let name: String = rest.chars().filter(|c| !matches!(c, '"' | '\'' | '\\')).collect();
    (!name.is_empty() && !name.contains('<')).then_some((name, tabs))
}

fn find_end(text: &str, start: usize, name: String, tabs: bool) -> Region {
    let mut at = start;
    for line in text[start..].split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        if (if tabs { bare.trim_start_matches('\t') } else { bare }) == name {
            return Region { name, lines: start..at, end: Some(at + bare.len()) };
        }
        at += line.len();
    }
    Region { name, lines: start..text.len(), end: None }
}
