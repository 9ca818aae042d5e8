//! What differs in each run: the rules by which two runs are compared.
//!
//! Readers see real numbers. Only for the comparison are the recorded block and the new one
//! brought to the same form. Unambiguous things are replaced everywhere ([`ALWAYS`]). For
//! others a block has to say `varies=NAME` ([`ON_DEMAND`]), so that numbers which must not
//! change are still compared.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

/// A name, and what is called by it: a regular expression whose groups are what varies.
type Rule = (&'static str, Regex);

static ALWAYS: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    rules(&[
        ("namespace", r":\[(\d+)\]"),
        ("address", r"0x([0-9a-f]+)\b"),
        ("process", r"NSpid:\t(\d+)\b"),
        ("process", r"wait4\((\d+),"),
        ("seconds", r"\b(\d+)m(\d+)\.(\d+)s\b"),
        ("seconds", r"\b(\d+)\.(\d+)s\b"),
        ("seconds", r"\b(\d+ (?:second|minute)s?) ago"),
        ("milliseconds", r"\b(\d+) ms\b"),
        ("kilobytes", r"\b(\d+) kB\b"),
        ("kibibytes", r"\b(\d+) KiB\b"),
        ("upload", r"\b([0-9a-f]{32})\b"),
        ("trial", r"galley-trial-([0-9a-f]+)\b"),
        ("port", r"127\.0\.0\.1:(\d+)\b"),
    ])
});

static ON_DEMAND: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    rules(&[
        ("digests", r"\b([0-9a-f]{64})\b"),
        ("digests", r"\b([0-9a-f]{12})\b"),
        // `ls -l` pads the day to two columns, and of a file older than half a year it
        // shows the year in place of the time.
        ("dates", r"\b([A-Za-z]+ +\d+ (?:\d+:\d+| ?\d{4}))\b"),
        ("dates", r"\b(\d+-\d+-\d+ \d+:\d+)\b"),
        ("sizes", r"\b(\d+(?:\.\d+)? [kMG]?i?B)\b"),
        ("sizes", r"\bsize (\d+)\b"),
        ("numbers", r"\b(\d+)\b"),
    ])
});

/// Compiled; a test sees that all of them can be.
fn rules(texts: &[(&'static str, &str)]) -> Vec<Rule> {
    texts.iter().filter_map(|(name, text)| Some((*name, Regex::new(text).ok()?))).collect()
}

/// For these it matters which ones are equal, so each gets the number of its first occurrence
/// on the page.
const NUMBERED: &[&str] = &["namespace", "digests"];

/// Sorts lines whose order varies because they come from concurrent processes.
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
    /// The numbered things, in the order of their occurrence.
    numbered: Vec<String>,
    /// The names of the rules that changed something in the last lines.
    pub used: BTreeSet<&'static str>,
}

impl Normalizer {
    /// The lines with their forms.
    pub fn lines(&mut self, lines: &[String], varies: &[String]) -> Vec<Line> {
        let asked = |name: &str| varies.iter().any(|varies| varies == name);
        let rules: Vec<&Rule> = ALWAYS.iter().chain(ON_DEMAND.iter().filter(|(name, _)| asked(name))).collect();
        self.used.clear();
        let line = |raw: &String| Line { raw: raw.clone(), normal: narrow(&self.line(raw, &rules)) };
        let mut lines: Vec<Line> = lines.iter().map(line).collect();
        if asked(ORDER) && lines.len() > 1 {
            lines.sort_by(|a, b| a.normal.cmp(&b.normal));
            self.used.insert(ORDER);
        }
        lines
    }

    /// The line with each thing that varies replaced by the name of its rule. At each place
    /// the first rule that matches there is taken.
    fn line(&mut self, line: &str, rules: &[&Rule]) -> String {
        let (mut normal, mut at) = (String::new(), 0);
        while at < line.len() {
            let found = rules.iter().filter_map(|(name, rule)| Some((*name, rule.captures_at(line, at)?)));
            let Some((name, captures)) = found.min_by_key(|(_, captures)| captures.get_match().start()) else { break };
            let whole = captures.get_match();
            for group in captures.iter().skip(1).flatten() {
                let number =
                    if NUMBERED.contains(&name) { self.number_of(group.as_str()).to_string() } else { String::new() };
                normal.push_str(&line[at..group.start()]);
                normal.push_str(&format!("<{name}>{number}"));
                at = group.end();
            }
            normal.push_str(&line[at..whole.end()]);
            at = whole.end();
            self.used.insert(name);
        }
        normal + &line[at..]
    }

    /// An abbreviated digest counts as the same digest.
    fn number_of(&mut self, thing: &str) -> usize {
        let same = |known: &String| known.starts_with(thing) || thing.starts_with(known.as_str());
        self.numbered.iter().position(same).unwrap_or_else(|| {
            self.numbered.push(thing.to_owned());
            self.numbered.len() - 1
        })
    }
}

/// Reduces runs of blanks to two, and those before a number that varies to none, because a
/// table's columns are as wide as their content.
fn narrow(line: &str) -> String {
    let text = line.trim_start();
    let name = text.strip_prefix('<').and_then(|rest| rest.split('>').next()).unwrap_or_default();
    let varies = ALWAYS.iter().chain(ON_DEMAND.iter()).any(|(rule, _)| *rule == name);
    let mut narrow = if varies { String::new() } else { line[..line.len() - text.len()].to_owned() };
    let mut blanks = 0;
    for letter in text.chars() {
        blanks = if letter == ' ' { blanks + 1 } else { 0 };
        if blanks <= 2 {
            narrow.push(letter);
        }
    }
    narrow
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
    fn every_rule_is_a_regular_expression() {
        assert_eq!((ALWAYS.len(), ON_DEMAND.len()), (13, 7));
    }

    #[test]
    fn a_date_is_one_on_every_day_of_the_year() {
        let form = "<dates> x";
        for date in ["Nov 24 02:19 x", "Dec  1 23:59 x", "Feb 29 00:00 x", "Jan 10 12:30 x"] {
            assert_eq!(one(date, &["dates"]), form, "{date}");
        }
        assert_eq!(one("Jan  1  1970 x", &["dates"]), "<dates> x");
        assert_eq!(one("2026-12-01 00:00 x", &["dates"]), "<dates> x");
    }

    #[test]
    fn a_second_more_is_no_difference() {
        let form = "  a  <seconds> ago  b c";
        assert_eq!(one("  a     1 second ago    b c", &[]), form);
        assert_eq!(one("  a    10 seconds ago   b c", &[]), form);
        assert_eq!(one("  a    1 minute ago   b c", &[]), form);
    }

    #[test]
    fn a_digit_more_is_no_difference() {
        assert_eq!(
            one("     69 ?        00:00:00 sh", &["numbers"]),
            one("    104 ?        00:00:00 sh", &["numbers"])
        );
        assert_eq!(one("layer of 999 B", &["sizes"]), one("layer of 1.0 kB", &["sizes"]));
        assert_ne!(one("  a 1", &["numbers"]), one("a 1", &["numbers"]));
    }

    #[test]
    fn what_is_not_asked_for_is_compared() {
        assert_eq!(one("exit code 64", &[]), "exit code 64");
        assert_eq!(one("é 12 — ü", &["numbers"]), "é <numbers> — ü");
    }

    #[test]
    fn which_of_two_things_it_is_is_compared() {
        let lines = ["uts:[4026532179]", "net:[4026532180]", "uts:[4026532179]"];
        assert_eq!(all(&lines, &[]).0, ["uts:[<namespace>0]", "net:[<namespace>1]", "uts:[<namespace>0]"]);
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
