//! Two versions of an output, side by side.

use similar::{Algorithm, ChangeTag, capture_diff_slices};

use super::normalize::Line;

/// The lines of a diff: `-` was recorded, `+` came now, and what is in both with a
/// blank; `None` if nothing differs. What counts is the lines' normal forms.
pub fn diff(recorded: &[Line], now: &[Line]) -> Option<Vec<String>> {
    let forms = |lines: &[Line]| lines.iter().map(|line| line.normal.clone()).collect::<Vec<_>>();
    let (old, new) = (forms(recorded), forms(now));
    let operations = capture_diff_slices(Algorithm::Myers, &old, &new);
    let changes = operations.iter().flat_map(|operation| operation.iter_changes(&old, &new)).map(|change| {
        let line = |lines: &[Line], index: Option<usize>| index.map_or("", |index| &lines[index].raw).to_owned();
        match change.tag() {
            ChangeTag::Delete => format!("-{}", line(recorded, change.old_index())),
            ChangeTag::Insert => format!("+{}", line(now, change.new_index())),
            ChangeTag::Equal => format!(" {}", line(recorded, change.old_index())),
        }
    });
    (old != new).then(|| changes.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Line> {
        text.split(' ').map(|word| Line { raw: word.to_owned(), normal: word.replace(char::is_numeric, "#") }).collect()
    }

    #[test]
    fn what_is_the_same_stays_and_the_rest_is_marked() {
        let shown = diff(&lines("a b c1 e"), &lines("a x c2 d e")).unwrap_or_default();
        assert_eq!(shown, [" a", "-b", "+x", " c1", "+d", " e"]);
        assert_eq!(diff(&lines("a c1"), &lines("a c2")), None);
    }
}
