//! What is another each time: the rules by which two runs are compared.
//!
//! Readers see real numbers. Only where a recorded block and a new one are compared,
//! both sides are brought to the same form. What cannot be mistaken for anything else
//! is taken out everywhere ([`ALWAYS`]); for the rest a block says `varies=NAME`
//! ([`ON_DEMAND`]), so that a number which must stay as it is, is compared.

use std::collections::BTreeSet;

/// A shape and its name. In a shape, `{n}` is digits, `{x}` hexadecimal digits,
/// `{x12}` exactly twelve of them, `{a}` letters, `{b}` one or more blanks, and `{s}` a
/// plural's s or nothing; all else is itself.
type Rule = (&'static str, &'static str);

const ALWAYS: &[Rule] = &[
    ("namespace", ":[{n}]"),
    ("address", "0x{x}"),
    ("process", "NSpid:\t{n}"),
    ("process", "wait4({n},"),
    ("seconds", "{n}m{n}.{n}s"),
    ("seconds", "{n}.{n}s"),
    ("seconds", "{n} second{s} ago"),
    ("milliseconds", "{n} ms"),
    ("kilobytes", "{n} kB"),
    ("kibibytes", "{n} KiB"),
    ("upload", "{x32}"),
    ("trial", "galley-trial-{x}"),
    ("port", "127.0.0.1:{n}"),
];

const ON_DEMAND: &[Rule] = &[
    ("digests", "{x64}"),
    ("digests", "{x12}"),
    // `ls -l` pads the day to two columns, and of a file older than half a year it
    // shows the year in place of the time.
    ("dates", "{a}{b}{n} {n}:{n}"),
    ("dates", "{a}{b}{n}{b}{n4}"),
    ("dates", "{n}-{n}-{n} {n}:{n}"),
    ("sizes", "{n} B"),
    ("sizes", "size {n}"),
    ("numbers", "{n}"),
];

/// Of these it matters which are the same: each is called by the number under which
/// it comes first on its page.
const NUMBERED: &[&str] = &["namespace", "digests"];

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

/// One run of a page, brought to the form in which runs are compared.
#[derive(Default)]
pub struct Normalizer {
    /// What has a number, in the order in which it came.
    numbered: Vec<String>,
    /// The names of the rules that changed something in the last lines.
    pub used: BTreeSet<&'static str>,
}

impl Normalizer {
    /// The lines with their forms.
    pub fn lines(&mut self, lines: &[String], varies: &[String]) -> Vec<Line> {
        let asked = |name: &str| varies.iter().any(|varies| varies == name);
        let rules: Vec<Rule> = ALWAYS.iter().chain(ON_DEMAND.iter().filter(|(name, _)| asked(name))).copied().collect();
        self.used.clear();
        let line = |raw: &String| Line { raw: raw.clone(), normal: narrow(&self.line(raw, &rules)) };
        let mut lines: Vec<Line> = lines.iter().map(line).collect();
        if asked(ORDER) && lines.len() > 1 {
            lines.sort_by(|a, b| a.normal.cmp(&b.normal));
            self.used.insert(ORDER);
        }
        lines
    }

    fn line(&mut self, line: &str, rules: &[Rule]) -> String {
        let mut normal = String::new();
        let mut rest = line;
        'line: while let Some(first) = rest.chars().next() {
            for (name, shape) in rules {
                let inside_a_word = shape.starts_with('{') && normal.ends_with(char::is_alphanumeric);
                if !inside_a_word && let Some((length, form)) = self.matched(rest, shape, name) {
                    self.used.insert(name);
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
    fn matched(&mut self, text: &str, shape: &str, name: &str) -> Option<(usize, String)> {
        let (mut rest, mut shape_rest, mut form) = (text, shape, String::new());
        while let Some(next) = shape_rest.chars().next() {
            match shape_rest.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
                Some(("s", after)) => {
                    rest = rest.strip_prefix('s').unwrap_or(rest);
                    shape_rest = after;
                }
                Some(("b", after)) => {
                    let blanks = rest.trim_start_matches(' ');
                    if blanks.len() == rest.len() {
                        return None;
                    }
                    rest = blanks;
                    form.push(' ');
                    shape_rest = after;
                }
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
        let matched = &text[..text.len() - rest.len()];
        // Half of a word is something else: 32M is no number.
        if matched.ends_with(char::is_alphanumeric) && rest.starts_with(char::is_alphanumeric) {
            return None;
        }
        if NUMBERED.contains(&name) {
            form.push_str(&self.number_of(matched).to_string());
        }
        Some((matched.len(), form))
    }

    /// A digest that is cut short is still the same one.
    fn number_of(&mut self, thing: &str) -> usize {
        let same = |known: &String| known.starts_with(thing) || thing.starts_with(known.as_str());
        self.numbered.iter().position(same).unwrap_or_else(|| {
            self.numbered.push(thing.to_owned());
            self.numbered.len() - 1
        })
    }
}

/// A table's columns are as wide as what is in them: more blanks than one between two
/// words are two.
fn narrow(line: &str) -> String {
    let text = line.trim_start();
    let mut narrow = line[..line.len() - text.len()].to_owned();
    let mut blanks = 0;
    for letter in text.chars() {
        blanks = if letter == ' ' { blanks + 1 } else { 0 };
        if blanks <= 2 {
            narrow.push(letter);
        }
    }
    narrow
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

    fn all(lines: &[&str], varies: &[&str]) -> (Vec<String>, BTreeSet<&'static str>) {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let mut normalizer = Normalizer::default();
        let lines = normalizer.lines(&owned(lines), &owned(varies));
        (lines.into_iter().map(|line| line.normal).collect(), normalizer.used)
    }

    fn one(line: &str, varies: &[&str]) -> String {
        all(&[line], varies).0.remove(0)
    }

    #[test]
    fn shapes_are_found_where_they_stand_alone() {
        assert_eq!(one("0.1s, layer 687d4da6c793, 70 B", &[]), "<seconds>.<seconds>s, layer 687d4da6c793, 70 B");
        assert_eq!(one("wait4(64, 0x1f", &[]), "wait4(<process>, 0x<address>");
        assert_eq!(one("32M ch2 a1b 7", &["numbers"]), "32M ch2 a1b <numbers>");
    }

    #[test]
    fn a_date_is_one_on_every_day_of_the_year() {
        let form = "<dates> <dates> <dates>:<dates> x";
        for date in ["Nov 24 02:19 x", "Dec  1 23:59 x", "Feb 29 00:00 x", "Jan 10 12:30 x"] {
            assert_eq!(one(date, &["dates"]), form, "{date}");
        }
        assert_eq!(one("Jan  1  1970 x", &["dates"]), "<dates> <dates> <dates> x");
        assert_eq!(one("2026-12-01 00:00 x", &["dates"]), "<dates>-<dates>-<dates> <dates>:<dates> x");
    }

    #[test]
    fn a_second_more_is_no_difference() {
        let form = "  a  <seconds> second ago  b c";
        assert_eq!(one("  a     1 second ago    b c", &[]), form);
        assert_eq!(one("  a    10 seconds ago   b c", &[]), form);
    }

    #[test]
    fn what_is_not_asked_for_is_compared() {
        assert_eq!(one("exit code 64", &[]), "exit code 64");
        assert_eq!(one("é 12 — ü", &["numbers"]), "é <numbers> — ü");
    }

    #[test]
    fn which_of_two_things_it_is_is_compared() {
        let lines = ["uts:[4026532179]", "net:[4026532180]", "uts:[4026532179]"];
        assert_eq!(all(&lines, &[]).0, ["uts:[<namespace>]0", "net:[<namespace>]1", "uts:[<namespace>]0"]);
        let digest = "687d4da6c7936fb4a8c0b1d0a0f4b7c0ea0fd9f6d1b8f7e7c0b7c0a1d2e3f4a5";
        assert_eq!(all(&[digest, &digest[..12]], &["digests"]).0, ["<digests>0", "<digests>0"]);
    }

    #[test]
    fn every_rule_that_changed_something_is_named() {
        let (normal, used) = all(&["b 0x1", "a"], &["order"]);
        assert_eq!(normal, ["a", "b 0x<address>"]);
        assert_eq!(used.into_iter().collect::<Vec<_>>(), ["address", "order"]);
    }
}
