//! Text as it fits a screen: notes without their marks, lines that are broken where
//! a reader would break them.

use textwrap::core::display_width;
use textwrap::{Options, WordSeparator, WordSplitter, wrap};

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
    let mut paragraphs: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with("- ") || !open {
            paragraphs.push(line.to_owned());
        } else if let Some(last) = paragraphs.last_mut() {
            last.push_str(&format!(" {line}"));
        }
        open = !line.is_empty();
    }
    paragraphs.iter().flat_map(|paragraph| wrap(paragraph, width)).map(|line| line.into_owned()).collect()
}

/// One line of a program's or a shell's as rows of at most `width` columns, the first of
/// which begins at `column`. It is broken at blanks, and anywhere in a longer word. Escape
/// sequences take no column; tabs become blanks, and other control characters are left out.
pub fn folded(line: &str, column: usize, width: usize) -> Vec<String> {
    // What is printed over something begins a row anew; a line of HTTP ends with it.
    let line = line.trim_end_matches('\r');
    if let Some((before, after)) = line.rsplit_once('\r') {
        let mut rows = folded(after, 0, width);
        if let Some(first) = rows.first_mut() {
            first.insert_str(0, &format!("{before}\r"));
        }
        return rows;
    }
    let mut plain = String::new();
    for character in line.chars() {
        match character {
            '\t' => plain.push_str(&" ".repeat(8 - (column + columns(&plain, 0)) % 8)),
            character if character.is_control() && character != '\x1b' => {}
            character => plain.push(character),
        }
    }
    // What stands in the row already counts for its width.
    let indent = " ".repeat(column);
    let options = Options::new(width).initial_indent(&indent).word_splitter(WordSplitter::NoHyphenation);
    let options = options.word_separator(WordSeparator::AsciiSpace);
    let rows = wrap(&plain, options).into_iter().enumerate();
    rows.map(|(number, row)| if number == 0 { row[column.min(row.len())..].to_owned() } else { row.into_owned() })
        .collect()
}

/// How many columns a row without tabs takes, from `column` on.
pub fn columns(row: &str, column: usize) -> usize {
    match row.rsplit_once('\r') {
        Some((_, rest)) => display_width(rest),
        None => column + display_width(row),
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
            ("a 34567890ab", 0, &["a", "34567890ab"]),
            ("a 34567890abc", 0, &["a", "34567890ab", "c"]),
            ("six four", 6, &["six", "four"]),
            ("\tab\tc", 0, &["        ab", "c"]),
            ("\x1b[31mred\x1b[0m is not so long", 0, &["\x1b[31mred\x1b[0m is not", "so long"]),
            ("\0a\0\x07b", 0, &["ab"]),
            ("0123456789\rab", 0, &["0123456789\rab"]),
        ] {
            assert_eq!(folded(line, column, 10), rows, "{line:?}");
        }
    }

    #[test]
    fn columns_are_counted_without_escapes() {
        assert_eq!(columns("\x1b[1mab\x1b[0mé", 1), 4);
    }
}
