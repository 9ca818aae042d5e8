//! Which wall did you build? A probe in every combination of namespaces.
//!
//! The recording has a row for each of the combinations. A single fact hangs on a
//! few of the nine switches only, so a condition is worked out for each value:
//! the page has each value once, and no table of five hundred rows.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::figure::Figure;
use super::html;
use crate::inline;

#[derive(Deserialize)]
pub struct Recording {
    pub bits: Vec<String>,
    pub facts: BTreeMap<String, Fact>,
}

/// A fact's values, and for each row a letter that says which one.
#[derive(Deserialize)]
pub struct Fact {
    values: Vec<String>,
    rows: String,
}

impl Fact {
    /// The value of each row; none where the probe did not run.
    fn table(&self, start: &Self) -> Vec<Option<usize>> {
        let value = |letter: u8| usize::from(letter.wrapping_sub(b'a'));
        let ran = start.rows.bytes().map(|letter| value(letter) == 0);
        self.rows.bytes().map(value).zip(ran).map(|(at, ran)| ran.then_some(at)).collect()
    }
}

impl Recording {
    fn fact(&self, name: &str) -> Result<&Fact> {
        self.facts.get(name).with_context(|| format!("the recording of the walls has no fact '{name}'"))
    }

    /// The conditions of each value of a fact.
    fn conditions(&self, name: &str) -> Result<BTreeMap<usize, Vec<Cube>>> {
        let (fact, start) = (self.fact(name)?, self.fact("start")?);
        let everywhere = || fact.rows.bytes().map(|letter| Some(usize::from(letter.wrapping_sub(b'a')))).collect();
        let table = if name == "start" { everywhere() } else { fact.table(start) };
        Ok(conditions(&table, self.bits.len()))
    }
}

/// The rows of the figure: the question, the fact that answers it inside, and the one
/// that tells what the same looks like from the host, if that is of interest.
const ROWS: &[(&str, &str, Option<&str>)] = &[
    ("its own process id", "pid", None),
    ("processes in <code>/proc</code>", "list", Some("host-proc")),
    ("may it signal the host's oven?", "signal", None),
    ("it renames the machine to cabin", "name", Some("host-name")),
    ("network cards, asked of the kernel", "cards", None),
    ("network cards in <code>/sys</code>", "sys", None),
    ("it mounts something", "mount", Some("host-mount")),
    ("its user id; owner of its files", "uid", Some("host-owner")),
    ("may it read root's secret?", "secret", None),
    ("message queues it sees", "queues", None),
    ("its control group", "group", None),
];

pub fn draw(figure: &Figure) -> Result<String> {
    let recording: Recording = figure.data()?;
    // Whether the probe ran at all, and what became of the new /proc.
    let start = cell(figure, &recording, "start")? + &cell(figure, &recording, "remount")?;
    let mut rows = String::new();
    for (question, inside, host) in ROWS {
        let host = host.map_or(Ok(String::new()), |fact| cell(figure, &recording, fact))?;
        rows += &html::fact(question, &[cell(figure, &recording, inside)?, host]);
    }
    // Where nothing ran, there is nothing to show.
    let ran = recording.conditions("start")?.remove(&0).unwrap_or_default();
    let head = ["The guest asks", "The guest finds", "The host finds"];
    Ok(format!(
        "{}<p class=\"verdict\" role=\"status\">{start}</p>\n<div data-if=\"{}\">\n{}</div>\n",
        controls(),
        condition(&ran, &recording.bits),
        html::facts("facts", "What the guest finds", &head, &rows)
    ))
}

fn controls() -> String {
    let names = ["mnt", "uts", "ipc", "net", "pid", "cgroup", "user"];
    let boxes: String = names.iter().map(|name| html::check_box(name, &format!("`{name}`"))).collect();
    let who = html::radio("walls-who", [("root", "root"), ("account", "an ordinary user")]);
    html::choice("New namespaces", &boxes)
        + &html::choice("Then", &html::check_box("proc", "mount a new `/proc`"))
        + &html::choice("Started by", &who)
}

/// Every value of a fact, each under its condition.
fn cell(figure: &Figure, recording: &Recording, name: &str) -> Result<String> {
    let fact = recording.fact(name)?;
    let mut cells = String::new();
    for (value, cubes) in recording.conditions(name)? {
        let text = fact.values.get(value).map_or("", String::as_str);
        let caption = figure.words.captions.get(&format!("{name}={text}"));
        let shown = caption.map_or_else(|| inline::escape(text), |caption| inline::html(caption));
        let (condition, label) = (condition(&cubes, &recording.bits), in_words(&cubes, &recording.bits));
        cells += &html::case("span", &condition, &label, &shown);
    }
    Ok(cells)
}

/// One alternative: for each switch that matters, whether it is on.
type Cube = Vec<(usize, bool)>;

/// For each value the alternatives under which it was seen. Rows without a value
/// never count against a short condition.
fn conditions(table: &[Option<usize>], bits: usize) -> BTreeMap<usize, Vec<Cube>> {
    let mut relevant: Vec<usize> = (0..bits).collect();
    for bit in (0..bits).rev() {
        let without: Vec<usize> = without(&relevant, bit);
        if decides(&without, table) {
            relevant = without;
        }
    }
    let values: BTreeSet<usize> = table.iter().flatten().copied().collect();
    values.into_iter().map(|value| (value, cover(table, value, &relevant))).collect()
}

/// Few and short alternatives that hold in every row with this value, and in none
/// with another.
fn cover(table: &[Option<usize>], value: usize, bits: &[usize]) -> Vec<Cube> {
    let rows = || (0..table.len()).filter(|row| table[*row] == Some(value));
    let mut candidates: BTreeSet<Cube> = rows().map(|row| shortest(table, value, row, bits)).collect();
    let mut left: BTreeSet<usize> = rows().collect();
    let mut chosen = Vec::new();
    let reach = |cube: &Cube, left: &BTreeSet<usize>| left.iter().filter(|row| holds(cube, **row)).count();
    while let Some(best) = candidates.iter().max_by_key(|cube| reach(cube, &left)).cloned() {
        if left.is_empty() {
            break;
        }
        left.retain(|row| !holds(&best, *row));
        candidates.remove(&best);
        chosen.push(best);
    }
    chosen
}

/// The row's switches, less all that the value does not need.
fn shortest(table: &[Option<usize>], value: usize, row: usize, bits: &[usize]) -> Cube {
    let mut cube: Cube = bits.iter().map(|bit| (*bit, row >> bit & 1 == 1)).collect();
    for bit in bits {
        let shorter: Cube = cube.iter().copied().filter(|(other, _)| other != bit).collect();
        let wrong =
            |(row, seen): (usize, &Option<usize>)| seen.is_some_and(|seen| seen != value) && holds(&shorter, row);
        if !table.iter().enumerate().any(wrong) {
            cube = shorter;
        }
    }
    cube
}

fn holds(cube: &Cube, row: usize) -> bool {
    cube.iter().all(|(bit, on)| (row >> bit & 1 == 1) == *on)
}

/// Whether these switches alone determine the value.
fn decides(bits: &[usize], table: &[Option<usize>]) -> bool {
    let mut seen = BTreeMap::new();
    let rows = table.iter().enumerate().filter_map(|(row, value)| value.map(|value| (row, value)));
    rows.into_iter().all(|(row, value)| {
        let key: Vec<bool> = bits.iter().map(|bit| row >> bit & 1 == 1).collect();
        *seen.entry(key).or_insert(value) == value
    })
}

fn without(bits: &[usize], bit: usize) -> Vec<usize> {
    bits.iter().copied().filter(|other| *other != bit).collect()
}

/// For the script: `pid proc,!user`.
fn condition(cubes: &[Cube], bits: &[String]) -> String {
    let term = |(bit, on): &(usize, bool)| format!("{}{}", if *on { "" } else { "!" }, bits[*bit]);
    let alternative = |cube: &Cube| cube.iter().map(term).collect::<Vec<_>>().join(" ");
    cubes.iter().map(alternative).collect::<Vec<_>>().join(",")
}

/// For a reader who sees every case at once.
fn in_words(cubes: &[Cube], bits: &[String]) -> String {
    let term = |(bit, on): &(usize, bool)| match (bits[*bit].as_str(), on) {
        ("account", true) => "as a user".to_owned(),
        ("account", false) => "as root".to_owned(),
        ("proc", true) => "new `/proc`".to_owned(),
        ("proc", false) => "old `/proc`".to_owned(),
        (name, true) => format!("`{name}`"),
        (name, false) => format!("no `{name}`"),
    };
    let alternative = |cube: &Cube| cube.iter().map(term).collect::<Vec<_>>().join(", ");
    match cubes {
        [only] if only.is_empty() => "always:".to_owned(),
        _ => format!("{}:", cubes.iter().map(alternative).collect::<Vec<_>>().join("; or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_names_only_what_matters() {
        // Bit 1 decides; bit 0 does not; row 1 was never seen.
        let table = [Some(0), None, Some(1), Some(1)];
        let found = conditions(&table, 2);
        assert_eq!(found[&0], [vec![(1, false)]]);
        assert_eq!(found[&1], [vec![(1, true)]]);
    }

    #[test]
    fn every_recorded_row_is_shown_as_it_was() {
        let recording: Recording =
            serde_json::from_str(include_str!("../../../../book/figures/walls/data.json")).expect("the recording");
        let start = recording.fact("start").expect("a fact");
        for (name, fact) in &recording.facts {
            let table = fact.table(start);
            assert_eq!(table.len(), 1 << recording.bits.len(), "{name}");
            let found = recording.conditions(name).expect("conditions");
            for (row, value) in table.iter().enumerate() {
                let shows = |cubes: &[Cube]| cubes.iter().any(|cube| holds(cube, row));
                let shown: Vec<usize> =
                    found.iter().filter(|(_, cubes)| shows(cubes)).map(|(value, _)| *value).collect();
                assert!(value.is_none_or(|value| shown == [value]), "{name}, row {row}");
            }
        }
    }
}
