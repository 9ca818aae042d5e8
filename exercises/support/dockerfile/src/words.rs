//! Words of a line, and the `NAME=value` pairs of ENV, LABEL and ARG.

use crate::ast::Pair;
use crate::diagnostic::Diagnostic;

/// Splits a line into words; blanks in quotes or after a backslash belong to a word.
pub fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quote, mut escaped) = (None, None, false);
    for (index, c) in text.char_indices() {
        if c.is_whitespace() && quote.is_none() && !escaped {
            words.extend(start.take().map(|start| &text[start..index]));
            continue;
        }
        start.get_or_insert(index);
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != Some('\'') => escaped = true,
            '\'' | '"' if quote == Some(c) => quote = None,
            '\'' | '"' if quote.is_none() => quote = Some(c),
            _ => {}
        }
    }
    words.extend(start.map(|start| &text[start..]));
    words
}

/// Reads the pairs of ENV, LABEL and ARG. Values keep their quotes until they are expanded.
///
/// With `needs_value`, the old form `ENV NAME value of several words` is read too.
///
/// # Errors
/// A word without a name, or without a value where one is needed.
pub fn pairs(text: &str, needs_value: bool) -> Result<Vec<Pair>, Diagnostic> {
    let words = words(text);
    let mut pairs = Vec::new();
    for word in &words {
        match word.split_once('=') {
            Some(("", _)) => return Err(Diagnostic::new(word, "a name is missing before =")),
            Some((name, value)) => pairs.push((name.to_owned(), Some(value.to_owned()))),
            None if !needs_value => pairs.push(((*word).to_owned(), None)),
            None if pairs.is_empty() && words.len() > 1 => {
                let value = text.trim_start()[word.len()..].trim();
                return Ok(vec![((*word).to_owned(), Some(value.to_owned()))]);
            }
            None => return Err(Diagnostic::new(word, format!("'{word}' has no value")).suggest("write NAME=value")),
        }
    }
    Ok(pairs)
}

/// Makes one line out of several: joins continuation lines, and leaves out comments
/// between them.
pub fn join_lines(text: &str) -> String {
    let mut joined = String::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        joined.push_str(line.trim_end().strip_suffix('\\').unwrap_or(line));
    }
    joined.trim_end().to_owned()
}
