//! Two versions of an output, side by side.

use super::normalize::Line;

/// The lines of a diff: `-` was recorded, `+` came now, and what is in both with a
/// blank; `None` if nothing differs. What counts is the lines' normal forms.
pub fn diff(recorded: &[Line], now: &[Line]) -> Option<Vec<String>> {
    let same = common(recorded, now);
    if same.len() == recorded.len() && same.len() == now.len() {
        return None;
    }
    let (mut lines, mut left, mut right) = (Vec::new(), 0, 0);
    for (at_left, at_right) in same.into_iter().chain([(recorded.len(), now.len())]) {
        lines.extend(recorded[left..at_left].iter().map(|line| format!("-{}", line.raw)));
        lines.extend(now[right..at_right].iter().map(|line| format!("+{}", line.raw)));
        lines.extend(recorded.get(at_left).map(|line| format!(" {}", line.raw)));
        (left, right) = (at_left + 1, at_right + 1);
    }
    Some(lines)
}

/// The pairs of places of a longest common subsequence.
fn common(left: &[Line], right: &[Line]) -> Vec<(usize, usize)> {
    // longest[i][j]: of what begins at i on the left and at j on the right.
    let mut longest = vec![vec![0_usize; right.len() + 1]; left.len() + 1];
    for i in (0..left.len()).rev() {
        for j in (0..right.len()).rev() {
            longest[i][j] = if left[i].normal == right[j].normal {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut pairs, mut i, mut j) = (Vec::new(), 0, 0);
    while i < left.len() && j < right.len() {
        if left[i].normal == right[j].normal {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if longest[i + 1][j] >= longest[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
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
