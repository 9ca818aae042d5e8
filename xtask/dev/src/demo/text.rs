//! Text as it fits a screen: notes without their marks, lines that are broken where
//! a reader would break them.

/// Markdown as it reads on a terminal: without the marks for bold, code and links.
pub fn plain(markdown: &str) -> String {
    let text = markdown.replace("**", "").replace('`', "");
    let mut shown = String::new();
    let mut rest = text.as_str();
    while let Some(open) = rest.find('[') {
        let link = rest[open..].find("](").and_then(|middle| {
            let end = rest[open + middle..].find(')')?;
            Some((&rest[open + 1..open + middle], open + middle + end + 1))
        });
        let (label, end) = link.unwrap_or(("[", open + 1));
        shown.push_str(&rest[..open]);
        shown.push_str(label);
        rest = &rest[end..];
    }
    shown + rest
}

/// Paragraphs and list items, each in lines of at most `width` characters.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        let starts_item = line.trim_start().starts_with("- ");
        if line.trim().is_empty() {
            lines.push(String::new());
            open = false;
            continue;
        }
        if starts_item || !open {
            lines.push(String::new());
        }
        open = true;
        for word in line.split_whitespace() {
            let Some(last) = lines.last_mut() else { continue };
            if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > width {
                lines.push(word.to_owned());
            } else {
                if !last.is_empty() {
                    last.push(' ');
                }
                last.push_str(word);
            }
        }
    }
    lines
}

/// One line of a program's or a shell's as rows of at most `width` columns, the first
/// of which begins at `column`. It is broken at a blank where there is one in the
/// second half of a row, and anywhere where there is none. Every character counts as
/// one column, a tab as far as the next multiple of eight; escape sequences as none.
/// Other control characters are left out.
pub fn folded(line: &str, column: usize, width: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let (mut row, mut at) = (String::new(), column);
    // The end of the last blank in the row, as bytes of it and as a column.
    let mut blank: Option<(usize, usize)> = None;
    let mut escape = Escape::None;
    for character in line.chars() {
        escape = escape.after(character);
        if !matches!(escape, Escape::None) {
            row.push(character);
            continue;
        }
        let next = match character {
            '\r' => 0,
            '\t' => at / 8 * 8 + 8,
            character if character.is_control() => continue,
            _ => at + 1,
        };
        if next > width {
            let (rest, left) = match blank.filter(|(_, column)| *column > width / 2) {
                // The blank itself may stand in the last column.
                Some(_) if character == ' ' => (String::new(), 0),
                Some((end, column)) => (row.split_off(end), at - column),
                None => (String::new(), 0),
            };
            rows.push(row.trim_end_matches(' ').to_owned());
            (row, at, blank) = (rest, left, None);
            if character == ' ' && row.is_empty() {
                continue;
            }
            at += 1;
        } else {
            at = next;
        }
        row.push(character);
        if character == ' ' {
            blank = Some((row.len(), at));
        }
    }
    rows.push(row);
    rows
}

/// How many columns a row without tabs takes, from `column` on.
pub fn columns(row: &str, column: usize) -> usize {
    let mut escape = Escape::None;
    row.chars().fold(column, |at, character| {
        escape = escape.after(character);
        match character {
            _ if !matches!(escape, Escape::None) => at,
            '\r' => 0,
            '\t' => at / 8 * 8 + 8,
            character if character.is_control() => at,
            _ => at + 1,
        }
    })
}

/// Where in an escape sequence a character stands (ECMA-48, 5.4): `ESC [`, then
/// parameters, up to a letter or one of a few signs.
#[derive(Clone, Copy)]
enum Escape {
    None,
    Begun,
    Inside,
    Ends,
}

impl Escape {
    fn after(self, character: char) -> Self {
        match (self, character) {
            (Self::None | Self::Ends, '\x1b') => Self::Begun,
            (Self::None | Self::Ends, _) => Self::None,
            (Self::Begun, '[') => Self::Inside,
            (Self::Begun, _) => Self::Ends,
            (Self::Inside, '\x40'..='\x7e') => Self::Ends,
            (Self::Inside, _) => Self::Inside,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_shown_without_its_marks() {
        assert_eq!(plain("Say **this** of `ls`, see [man](https://x/y) [1]."), "Say this of ls, see man [1].");
    }

    #[test]
    fn text_is_wrapped_and_items_begin_a_line() {
        let lines = wrapped("one two\nthree four\n\n- five\n- six seven eight", 9);
        assert_eq!(lines, ["one two", "three", "four", "", "- five", "- six", "seven", "eight"]);
    }

    #[test]
    fn a_line_is_folded_at_blanks_and_anywhere_without_them() {
        for (line, column, rows) in [
            ("", 0, &[""][..]),
            ("0123456789", 0, &["0123456789"]),
            ("01234567890", 0, &["0123456789", "0"]),
            ("one two three", 0, &["one two", "three"]),
            ("one two six four", 0, &["one two", "six four"]),
            ("123456789 ab", 0, &["123456789", "ab"]),
            ("1234567890 ab", 0, &["1234567890", "ab"]),
            ("a 34567890ab", 0, &["a 34567890", "ab"]),
            ("six four", 6, &["six", "four"]),
            ("\tab\tc", 0, &["\tab", "\tc"]),
            ("\x1b[31mred\x1b[0m is not so long", 0, &["\x1b[31mred\x1b[0m is not", "so long"]),
            ("\0a\0\x07b", 0, &["ab"]),
            ("0123456789\rab", 0, &["0123456789\rab"]),
        ] {
            assert_eq!(folded(line, column, 10), rows, "{line:?}");
        }
    }

    #[test]
    fn columns_are_counted_without_escapes() {
        assert_eq!(columns("\x1b[1mab\x1b[0m\té", 1), 9);
    }
}
