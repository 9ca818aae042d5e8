//! What is another each time: the rules by which two runs are compared.
//!
//! Readers see real numbers. Only where a recorded block and a new one are compared,
//! both sides are brought to the same form. What cannot be mistaken for anything else
//! is taken out everywhere ([`ALWAYS`]); for the rest a block says `varies=NAME`
//! ([`ON_DEMAND`]), so that a number which must stay as it is, is compared.

use std::collections::BTreeSet;

/// A shape and its name. In a shape, `{n}` is digits, `{x}` hexadecimal digits,
/// `{x12}` exactly twelve of them, and `{a}` letters; all else is itself.
type Rule = (&'static str, &'static str);

const ALWAYS: &[Rule] = &[
    ("namespace", ":[{n}]"),
    ("address", "0x{x}"),
    ("seconds", "{n}.{n}s"),
    ("milliseconds", "{n} ms"),
    ("kilobytes", "{n} kB"),
    ("kibibytes", "{n} KiB"),
    ("upload", "{x32}"),
    ("trial", "galley-trial-{x}"),
];

const ON_DEMAND: &[Rule] = &[
    ("digests", "{x64}"),
    ("digests", "{x12}"),
    ("dates", "{a} {n} {n}:{n}"),
    ("dates", "{n}-{n}-{n} {n}:{n}"),
    ("numbers", "{n}"),
];

/// Lines that come in any order: of things that happen at the same time.
const ORDER: &str = "order";

/// The names that a block may give after `varies=`.
pub fn known() -> BTreeSet<&'static str> {
    ON_DEMAND.iter().map(|(name, _)| *name).chain([ORDER]).collect()
}

/// The names of the rules that need no asking.
pub fn always() -> BTreeSet<&'static str> {
    ALWAYS.iter().map(|(name, _)| *name).collect()
}

/// A line as it is, and the form in which it is compared.
pub struct Line {
    pub raw: String,
    pub normal: String,
}

/// The lines with their forms, and the rules that changed some.
pub fn normal(lines: &[String], varies: &[String]) -> (Vec<Line>, BTreeSet<&'static str>) {
    let asked = |name: &str| varies.iter().any(|varies| varies == name);
    let rules: Vec<Rule> = ALWAYS.iter().chain(ON_DEMAND.iter().filter(|(name, _)| asked(name))).copied().collect();
    let mut used = BTreeSet::new();
    let mut lines: Vec<Line> =
        lines.iter().map(|raw| Line { raw: raw.clone(), normal: normal_line(raw, &rules, &mut used) }).collect();
    if asked(ORDER) && lines.len() > 1 {
        lines.sort_by(|a, b| a.normal.cmp(&b.normal));
        used.insert(ORDER);
    }
    (lines, used)
}

fn normal_line(line: &str, rules: &[Rule], used: &mut BTreeSet<&'static str>) -> String {
    let mut normal = String::new();
    let mut rest = line;
    'line: while let Some(first) = rest.chars().next() {
        for (name, shape) in rules {
            let inside_a_word = shape.starts_with('{') && normal.ends_with(char::is_alphanumeric);
            if !inside_a_word && let Some((length, form)) = matched(rest, shape, name) {
                used.insert(name);
                normal.push_str(&form);
                rest = &rest[length..];
                continue 'line;
            }
        }
        normal.push(first);
        rest = &rest[first.len_utf8()..];
    }
    normal
}

/// How much of `text` has this shape from its start, and the form of that.
fn matched(text: &str, shape: &str, name: &str) -> Option<(usize, String)> {
    let (mut rest, mut shape_rest, mut form) = (text, shape, String::new());
    while let Some(next) = shape_rest.chars().next() {
        match shape_rest.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((kind, after)) => {
                rest = &rest[length_of(rest, kind)?..];
                form.push_str(&format!("<{name}>"));
                shape_rest = after;
            }
            None => {
                rest = rest.strip_prefix(next)?;
                form.push(next);
                shape_rest = &shape_rest[next.len_utf8()..];
            }
        }
    }
    // Half of a word is something else: 32M is no number.
    let half =
        text[..text.len() - rest.len()].ends_with(char::is_alphanumeric) && rest.starts_with(char::is_alphanumeric);
    (!half).then(|| (text.len() - rest.len(), form))
}

/// How many bytes at the start are of this kind; `None` if not as many as there must be.
fn length_of(text: &str, kind: &str) -> Option<usize> {
    let (kind, exact) = kind.split_at(1);
    let belongs = |c: char| match kind {
        "n" => c.is_ascii_digit(),
        "x" => c.is_ascii_digit() || ('a'..='f').contains(&c),
        _ => c.is_ascii_alphabetic(),
    };
    let length = text.find(|c| !belongs(c)).unwrap_or(text.len());
    (length > 0 && exact.parse().map_or(exact.is_empty(), |exact: usize| exact == length)).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str, varies: &[&str]) -> String {
        let varies: Vec<String> = varies.iter().map(|name| (*name).to_owned()).collect();
        normal(&[line.to_owned()], &varies).0.remove(0).normal
    }

    #[test]
    fn shapes_are_found_where_they_stand_alone() {
        assert_eq!(one("uts:[4026532179]", &[]), "uts:[<namespace>]");
        assert_eq!(one("0.1s, layer 687d4da6c793, 70 B", &[]), "<seconds>.<seconds>s, layer 687d4da6c793, 70 B");
        assert_eq!(one("wait4(64, 0x1f", &["numbers"]), "wait4(<numbers>, 0x<address>");
        assert_eq!(one("32M ch2 a1b", &["numbers"]), "32M ch2 a1b");
        assert_eq!(one("layer 687d4da6c793,", &["digests"]), "layer <digests>,");
        assert_eq!(one("Nov 24 02:19 x", &["dates"]), "<dates> <dates> <dates>:<dates> x");
    }

    #[test]
    fn what_is_not_asked_for_is_compared() {
        assert_eq!(one("wait4(64", &[]), "wait4(64");
        assert_eq!(one("é 12 — ü", &["numbers"]), "é <numbers> — ü");
    }

    #[test]
    fn every_rule_that_changed_something_is_named() {
        let lines = ["b 0x1".to_owned(), "a".to_owned()];
        let (normal, used) = normal(&lines, &["order".to_owned()]);
        assert_eq!(normal.iter().map(|line| line.normal.as_str()).collect::<Vec<_>>(), ["a", "b 0x<address>"]);
        assert_eq!(used.into_iter().collect::<Vec<_>>(), ["address", "order"]);
    }
}
