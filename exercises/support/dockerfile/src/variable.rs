//! What may follow a dollar sign.

use crate::diagnostic::Diagnostic;

/// The text after a dollar sign, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub enum Variable<'a> {
    /// No name follows: the dollar sign stands for itself.
    Literal,
    /// `$NAME` or `${NAME}`
    Plain(&'a str),
    /// `${NAME:-word}`: the name and the word. Variables in the word are not filled in yet.
    Default(&'a str, &'a str),
    /// `${NAME:+word}`
    Alternative(&'a str, &'a str),
}

impl<'a> Variable<'a> {
    /// Reads what follows a dollar sign. Returns it, and the text after it.
    ///
    /// # Errors
    /// A brace that is not closed or has no name in it, and forms that Dockerfiles do
    /// not have.
    pub fn read(rest: &'a str) -> Result<(Self, &'a str), Diagnostic> {
        let Some(inner) = rest.strip_prefix('{') else {
            let (name, after) = rest.split_at(name_length(rest));
            return Ok((if name.is_empty() { Self::Literal } else { Self::Plain(name) }, after));
        };
        let Some(end) = closing_brace(inner) else {
            return Err(Diagnostic::new(&format!("${rest}"), "${ is not closed").suggest("add }"));
        };
        let (content, after) = (&inner[..end], &inner[end + 1..]);
        let (name, form) = content.split_at(name_length(content));
        let whole = format!("${{{content}}}");
        if name.is_empty() {
            return Err(Diagnostic::new(&whole, format!("'{whole}' has no variable's name")));
        }
        let variable = match (form.strip_prefix(":-"), form.strip_prefix(":+")) {
            _ if form.is_empty() => Self::Plain(name),
            (Some(word), _) => Self::Default(name, word),
            (_, Some(word)) => Self::Alternative(name, word),
            _ => {
                return Err(Diagnostic::new(&whole, format!("'{whole}' is not supported"))
                    .suggest("known forms are ${NAME}, ${NAME:-word} and ${NAME:+word}"));
            }
        };
        Ok((variable, after))
    }
}

/// The bytes of the variable's name that `text` begins with.
fn name_length(text: &str) -> usize {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(text.len())
}

/// The index of the brace that closes the one before `text`; the word after `:-` may
/// hold others.
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
