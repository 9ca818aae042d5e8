//! Which wall did you build? A probe in every combination of namespaces.
//!
//! The recording has a row for each of the combinations. A single fact hangs on a
//! few of the nine switches only, so a condition is worked out for each value:
//! the page has each value once, and no table of five hundred rows.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::html::{self, Control};
use super::sheet::Sheet;
use crate::failure::{Failure, Result};

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
        self.facts.get(name).ok_or_else(|| Failure::new(format!("the recording of the walls has no fact '{name}'")))
    }

    /// The conditions of each value of a fact.
    fn conditions(&self, name: &str) -> Result<BTreeMap<usize, Vec<Cube>>> {
        let (fact, start) = (self.fact(name)?, self.fact("start")?);
        let everywhere = || fact.rows.bytes().map(|letter| Some(usize::from(letter.wrapping_sub(b'a')))).collect();
        let table = if name == "start" { everywhere() } else { fact.table(start) };
        Ok(conditions(&table, self.bits.len()))
    }
}

/// A row of the figure: facts of the recording, and how its question is asked.
struct Row {
    ask: &'static str,
    inside: &'static str,
    /// What the same looks like from the host, if that is of interest.
    host: Option<&'static str>,
}

const fn row(ask: &'static str, inside: &'static str, host: Option<&'static str>) -> Row {
    Row { ask, inside, host }
}

const ROWS: &[Row] = &[
    row("its own process id", "pid", None),
    row("processes in <code>/proc</code>", "list", Some("host-proc")),
    row("may it signal the host's oven?", "signal", None),
    row("it renames the machine to cabin", "name", Some("host-name")),
    row("network cards, asked of the kernel", "cards", None),
    row("network cards in <code>/sys</code>", "sys", None),
    row("it mounts something", "mount", Some("host-mount")),
    row("its user id; owner of its files", "uid", Some("host-owner")),
    row("may it read root's secret?", "secret", None),
    row("message queues it sees", "queues", None),
    row("its control group", "group", None),
];

pub fn draw(sheet: &Sheet) -> Result<String> {
    let recording: Recording = sheet.data()?;
    let mut body = controls();
    body += &start(sheet, &recording)?;
    // Where nothing ran, there is nothing to show.
    let ran = recording.conditions("start")?.remove(&0).unwrap_or_default();
    body += &format!("<div data-if=\"{}\">\n", condition(&ran, &recording.bits));
    body += "<div class=\"facts\" role=\"table\" aria-label=\"What the guest finds\">\n<div role=\"row\" class=\"head\">\
             <span role=\"columnheader\">The guest asks</span><span role=\"columnheader\">The guest finds</span>\
             <span role=\"columnheader\">The host finds</span></div>\n";
    for row in ROWS {
        let inside = cell(sheet, &recording, row.inside)?;
        let host = row.host.map_or(Ok(String::new()), |fact| cell(sheet, &recording, fact))?;
        body += &format!(
            "<div role=\"row\"><span role=\"rowheader\">{}</span><span role=\"cell\">{inside}</span>\
             <span role=\"cell\">{host}</span></div>\n",
            row.ask
        );
    }
    Ok(sheet.around(&(body + "</div>\n</div>\n")))
}

fn controls() -> String {
    let names = ["mnt", "uts", "ipc", "net", "pid", "cgroup", "user"];
    let boxes: Vec<Control> = names.iter().map(|name| Control::check_box(name, &format!("`{name}`"))).collect();
    let who = html::radio("walls-who", [("root", "root"), ("account", "an ordinary user")]);
    html::choice("New namespaces", &boxes)
        + &html::choice("Then", &[Control::check_box("proc", "mount a new `/proc`")])
        + &html::choice("Started by", &who)
}

/// Whether the probe ran at all, and what became of the new `/proc`.
fn start(sheet: &Sheet, recording: &Recording) -> Result<String> {
    let mut lines = String::new();
    for name in ["start", "remount"] {
        lines += &cell(sheet, recording, name)?;
    }
    Ok(format!("<p class=\"verdict\" role=\"status\">{lines}</p>\n"))
}

/// Every value of a fact, each under its condition.
fn cell(sheet: &Sheet, recording: &Recording, name: &str) -> Result<String> {
    let fact = recording.fact(name)?;
    let mut cells = String::new();
    for (value, cubes) in recording.conditions(name)? {
        let text = fact.values.get(value).map_or("", String::as_str);
        let caption = sheet.words.captions.get(&format!("{name}={text}"));
        let shown = caption.map_or_else(|| html::escape(text), |caption| html::rich(caption));
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
