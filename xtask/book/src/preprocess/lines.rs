//! A page's lines, one after another, some of them replaced.

use anyhow::Result;

/// Puts what `replace` returns in the place of each line; `None` leaves the line as it
/// is. `replace` is told whether the line belongs to a fenced code block.
pub fn replace(markdown: &str, mut replace: impl FnMut(&str, bool) -> Result<Option<String>>) -> Result<String> {
    let mut fence: Option<&str> = None;
    let mut page = String::with_capacity(markdown.len());
    for line in markdown.split_inclusive('\n') {
        let text = line.trim();
        let opens = ["```", "~~~"].into_iter().find(|mark| text.starts_with(mark));
        let in_code = fence.is_some();
        fence = match fence {
            Some(mark) if opens == Some(mark) => None,
            Some(mark) => Some(mark),
            None => opens,
        };
        match replace(line, in_code)? {
            Some(text) => page += &text,
            None => page += line,
        }
    }
    Ok(page)
}

/// The name and the argument of a directive that stands alone on a line: `figure` and
/// `walls` for `{{#figure walls}}`.
pub fn directive(line: &str) -> Option<(&str, &str)> {
    let inner = line.trim().strip_prefix("{{#")?.strip_suffix("}}")?.trim();
    Some(inner.split_once(' ').map_or((inner, ""), |(name, argument)| (name, argument.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directive_stands_alone_on_its_line() {
        assert_eq!(directive("{{#figure walls}}\n"), Some(("figure", "walls")));
        assert_eq!(directive("{{#crates}}"), Some(("crates", "")));
        assert_eq!(directive("see {{#figure walls}}"), None);
    }

    #[test]
    fn a_line_knows_whether_it_is_code() {
        let page = "a\n```text\na\n~~~\n```\na\n";
        let replaced = replace(page, |line, in_code| Ok((line == "a\n" && !in_code).then(|| "b\n".to_owned())));
        assert_eq!(replaced.expect("no fault"), "b\n```text\na\n~~~\n```\nb\n");
    }
}
