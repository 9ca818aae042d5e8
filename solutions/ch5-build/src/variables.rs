//! Step 2: fill in variables, and take quotes away, as the shell would.

use crate::error::Problem;

/// Fills in `$NAME`, `${NAME}`, `${NAME:-word}` and `${NAME:+word}` in `text`.
///
/// A backslash takes the next character's meaning away. Within single quotes
/// nothing is filled in. Quotes themselves are removed. An unknown name is
/// empty, as in the shell. See "Environment replacement" in the Dockerfile reference.
///
/// # Errors
///
/// A brace or quote that is not closed (the message of the second: the quote, and
/// `is not closed`), and forms that Dockerfiles do not know.
pub fn expand(text: &str, value: &dyn Fn(&str) -> Option<String>) -> Result<String, Problem> {
    // ANCHOR: expand
    let mut result = String::new();
    let mut quote = None;
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        rest = &rest[next.len_utf8()..];
        match next {
            '\'' | '"' if quote == Some(next) => quote = None,
            '\'' | '"' if quote.is_none() => quote = Some(next),
            '\\' if quote != Some('\'') => {
                let escaped = rest.chars().next();
                // Between double quotes a backslash is special before three characters only.
                if quote.is_some() && !matches!(escaped, Some('"' | '$' | '\\')) {
                    result.push('\\');
                }
                result.extend(escaped);
                rest = &rest[escaped.map_or(0, char::len_utf8)..];
            }
            '$' if quote != Some('\'') => {
                let (reference, after) = Reference::read(rest, text)?;
                result.push_str(&match reference {
                    Reference::Literal => "$".to_owned(),
                    Reference::Plain(name) => value(name).unwrap_or_default(),
                    Reference::Default(name, word) => match value(name) {
                        Some(set) if !set.is_empty() => set,
                        _ => expand(word, value)?,
                    },
                    Reference::Alternative(name, word) => match value(name) {
                        Some(set) if !set.is_empty() => expand(word, value)?,
                        _ => String::new(),
                    },
                });
                rest = after;
            }
            other => result.push(other),
        }
    }
    match quote {
        Some(quote) => Err(Problem::new(text, format!("{quote} is not closed"))),
        None => Ok(result),
    }
    // ANCHOR_END: expand
}

/// What stands behind a dollar sign.
#[derive(Debug, PartialEq, Eq)]
pub enum Reference<'a> {
    /// A dollar sign that begins no name.
    Literal,
    /// `$NAME` or `${NAME}`
    Plain(&'a str),
    /// `${NAME:-word}`: the word if the name is unset or empty.
    Default(&'a str, &'a str),
    /// `${NAME:+word}`: the word if the name is set and not empty.
    Alternative(&'a str, &'a str),
}

impl<'a> Reference<'a> {
    /// Reads what follows a dollar sign; returns it and what is left.
    pub fn read(rest: &'a str, whole: &str) -> Result<(Self, &'a str), Problem> {
        let Some(inner) = rest.strip_prefix('{') else {
            let (name, after) = rest.split_at(name_length(rest));
            return Ok((if name.is_empty() { Self::Literal } else { Self::Plain(name) }, after));
        };
        let Some(end) = closing_brace(inner) else {
            return Err(Problem::new(whole, "${ is not closed").suggest("add }"));
        };
        let (content, after) = (&inner[..end], &inner[end + 1..]);
        let (name, form) = content.split_at(name_length(content));
        let reference = match (name, form.get(..2), form) {
            ("", _, _) => return Err(Problem::new(whole, format!("'${{{content}}}' has no variable's name"))),
            (_, _, "") => Self::Plain(name),
            (_, Some(":-"), _) => Self::Default(name, &form[2..]),
            (_, Some(":+"), _) => Self::Alternative(name, &form[2..]),
            _ => {
                return Err(Problem::new(whole, format!("'${{{content}}}' is not supported"))
                    .suggest("known forms are ${NAME}, ${NAME:-word} and ${NAME:+word}"));
            }
        };
        Ok((reference, after))
    }
}

/// The bytes of the variable's name that `text` begins with.
fn name_length(text: &str) -> usize {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(text.len())
}

/// Where the brace is that closes this one; the word behind `:-` may hold others.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut escaped = false;
    for (index, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' if depth == 0 => return Some(index),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The `NAME=value` pairs of ENV, LABEL and ARG; values keep their quotes for [`expand`].
///
/// With `needs_value`, the old form `ENV NAME value of several words` is read too.
pub fn pairs(text: &str, needs_value: bool) -> Result<Vec<(String, Option<String>)>, Problem> {
    let words = words(text);
    let mut pairs = Vec::new();
    for word in &words {
        match word.split_once('=') {
            Some(("", _)) => return Err(Problem::new(word, "a name is missing before =")),
            Some((name, value)) => pairs.push((name.to_owned(), Some(value.to_owned()))),
            None if !needs_value => pairs.push(((*word).to_owned(), None)),
            None if pairs.is_empty() && words.len() > 1 => {
                let value = text.trim_start()[word.len()..].trim();
                return Ok(vec![((*word).to_owned(), Some(value.to_owned()))]);
            }
            None => return Err(Problem::new(word, format!("'{word}' has no value")).suggest("write NAME=value")),
        }
    }
    Ok(pairs)
}

/// The words of a line; blanks within quotes or behind a backslash divide nothing.
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
