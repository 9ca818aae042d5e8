//! Step 1: fill in variables, and take quotes away, as the shell would.

use dockerfile::Diagnostic;

/// Fills in `$NAME`, `${NAME}`, `${NAME:-word}` and `${NAME:+word}` in `text`; `value` knows
/// the variables.
///
/// A backslash takes away the meaning of the next character. In single quotes nothing is
/// filled in. Quotes themselves are removed. `:-` stands in for a variable that is unset
/// or empty, `:+` for one that is neither; any other unknown variable is empty, as in the
/// shell. [`dockerfile::Variable::read`] takes apart what follows a dollar sign.
///
/// See the Dockerfile reference, "Environment replacement", and the shell's own rules in
/// dash(1), "Quoting" and "Parameter Expansion".
///
/// # Errors
/// A quote that is not closed (the message is the quote and `is not closed`), and what
/// [`dockerfile::Variable::read`] refuses.
pub fn expand(text: &str, value: &dyn Fn(&str) -> Option<String>) -> Result<String, Diagnostic> {
    // ANCHOR: expand
    use dockerfile::Variable;

    let set = |name: &str| value(name).filter(|value| !value.is_empty());
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
                // In double quotes a backslash is special before three characters only.
                if quote.is_some() && !matches!(escaped, Some('"' | '$' | '\\')) {
                    result.push('\\');
                }
                result.extend(escaped);
                rest = &rest[escaped.map_or(0, char::len_utf8)..];
            }
            '$' if quote != Some('\'') => {
                let (variable, after) = Variable::read(rest)?;
                match variable {
                    Variable::Literal => result.push('$'),
                    Variable::Plain(name) => result += &value(name).unwrap_or_default(),
                    Variable::Default(name, word) => result += &set(name).map_or_else(|| expand(word, value), Ok)?,
                    Variable::Alternative(name, word) if set(name).is_some() => result += &expand(word, value)?,
                    Variable::Alternative(..) => {}
                }
                rest = after;
            }
            other => result.push(other),
        }
    }
    match quote {
        Some(quote) => Err(Diagnostic::new(text, format!("{quote} is not closed"))),
        None => Ok(result),
    }
    // ANCHOR_END: expand
}
