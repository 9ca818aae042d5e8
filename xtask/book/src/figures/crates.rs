//! `{{#crates}}`: the crates of the runtime and which of them use which, from their
//! manifests. `{{#support}}`: a table of the support crates, from their sources.
//!
//! Galley and the chapters stand on the left, the support crates on the right, and each
//! crate above those that it uses. An arrow that two others make is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use course::{CHAPTERS, Chapter};
use toml::Table;

use super::svg;
use crate::files;
use crate::inline::escape;

const ROW: f64 = 44.0;
const BOX: (f64, f64) = (120.0, 30.0);
/// The left edges of the two columns, and the drawing's width.
const COLUMNS: [f64; 2] = [72.0, 300.0];
const WIDTH: u32 = 490;

/// Crates by name.
type Crates = BTreeMap<String, Crate>;

struct Crate {
    label: String,
    support: bool,
    uses: BTreeSet<String>,
}

/// The picture. `root` is the repository; `id` is unique in the book.
pub fn draw(root: &Path, id: &str) -> Result<String> {
    let crates = read(root)?;
    let heights = crates.keys().map(|name| height(&crates, name, 0)).collect::<Result<Vec<_>>>()?;
    let mut order: Vec<&str> = crates.keys().map(String::as_str).collect();
    let height_of: BTreeMap<&str, usize> = order.iter().copied().zip(heights).collect();
    order.sort_by_key(|name| (std::cmp::Reverse(height_of[name]), &crates[*name].label));
    let positions = positions(&crates, &order);

    let mut shapes = format!(
        "<defs><marker id=\"{id}\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"5\" markerHeight=\"5\" \
         orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>"
    );
    for name in &order {
        for used in direct(&crates, name) {
            shapes += &arrow(id, positions[name], positions[used]);
        }
    }
    for (name, (x, y)) in &positions {
        shapes += &svg::rectangle("", *x, *y, BOX.0, BOX.1);
        shapes += &svg::text(x + BOX.0 / 2.0, y + 20.0, "middle", &crates[*name].label);
    }
    let rows = positions.values().map(|(_, y)| *y).fold(0.0, f64::max) + ROW;
    let words: Vec<String> = order.iter().filter_map(|name| in_words(&crates[*name])).collect();
    let shows = format!("Arrows from each crate to those it uses. {}.", words.join("; "));
    let items: String = words.iter().map(|line| format!("<li>{}</li>\n", escape(line))).collect();
    Ok(format!(
        "<figure class=\"fig\">\n<figcaption>Galley and the chapters, with the support crates on the right. An arrow \
         leads from a crate to one that it uses.</figcaption>\n{}\n<details><summary>The same in words</summary>\n\
         <ul>\n{items}</ul>\n</details>\n</figure>",
        svg::drawing(WIDTH, rows as u32, &shows, &shapes)
    ))
}

/// A table of the support crates, as Markdown: each with the first sentence of its
/// documentation.
pub fn table(root: &Path) -> Result<String> {
    let mut table = String::from("| crate | what it is |\n| --- | --- |\n");
    for name in support(root)? {
        let source = files::read(&root.join("exercises/support").join(&name).join("src/lib.rs"))?;
        let head = source.lines().map_while(|line| line.strip_prefix("//! "));
        // Links of rustdoc lead nowhere here.
        let text = head.collect::<Vec<_>>().join(" ").replace("[`", "`").replace("`]", "`");
        table += &format!("| `{name}` | {text} |\n");
    }
    Ok(table)
}

/// The names of the support crates, sorted.
fn support(root: &Path) -> Result<Vec<String>> {
    let directory = root.join("exercises/support");
    let entries = fs::read_dir(&directory).with_context(|| format!("cannot list {}", directory.display()))?;
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

fn read(root: &Path) -> Result<Crates> {
    let mut found = vec![("galley".to_owned(), "galley".to_owned(), "galley".to_owned())];
    let chapter = |chapter: &Chapter| {
        (chapter.name.to_owned(), chapter.directory(), format!("{} {}", chapter.id(), chapter.name))
    };
    found.extend(CHAPTERS.iter().map(chapter));
    found.extend(support(root)?.into_iter().map(|name| (name.clone(), format!("support/{name}"), name)));
    let names: BTreeSet<String> = found.iter().map(|(name, ..)| name.clone()).collect();
    let mut crates = Crates::new();
    for (name, path, label) in found {
        let manifest = root.join("exercises").join(&path).join("Cargo.toml");
        let manifest: Table =
            toml::from_str(&files::read(&manifest)?).with_context(|| manifest.display().to_string())?;
        let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
        let uses = dependencies.into_iter().flat_map(Table::keys).filter(|used| names.contains(*used));
        let uses = uses.cloned().collect();
        crates.insert(name, Crate { label, support: path.starts_with("support/"), uses });
    }
    Ok(crates)
}

/// The number of crates on the longest way down.
fn height(crates: &Crates, name: &str, depth: usize) -> Result<usize> {
    if depth > crates.len() {
        bail!("crates that use each other in a circle, '{name}' among them");
    }
    let mut height = 0;
    for used in &crates[name].uses {
        height = height.max(1 + self::height(crates, used, depth + 1)?);
    }
    Ok(height)
}

/// The crates that `name` uses and reaches in no other way.
fn direct<'a>(crates: &'a Crates, name: &str) -> impl Iterator<Item = &'a str> {
    let uses = &crates[name].uses;
    let shorter = move |used: &&String| !uses.iter().any(|other| other != *used && reaches(crates, other, used));
    uses.iter().filter(shorter).map(String::as_str)
}

fn reaches(crates: &Crates, from: &str, to: &str) -> bool {
    crates[from].uses.iter().any(|used| used == to || reaches(crates, used, to))
}

/// The corner of each crate's box: the order from top to bottom, in two columns that
/// fill the same height.
fn positions<'a>(crates: &Crates, order: &[&'a str]) -> BTreeMap<&'a str, (f64, f64)> {
    let columns = [false, true].map(|support| order.iter().filter(|name| crates[**name].support == support).count());
    let most = columns.into_iter().max().unwrap_or(1);
    let (mut next, mut positions) = ([0.0; 2], BTreeMap::new());
    for name in order {
        let column = usize::from(crates[*name].support);
        let step = ROW * most as f64 / columns[column] as f64;
        positions.insert(*name, (COLUMNS[column], 8.0 + next[column] * step));
        next[column] += 1.0;
    }
    positions
}

/// Beside a column it bends outward, so that it crosses no box.
fn arrow(id: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) -> String {
    let (y1, y2) = (y1 + BOX.1 / 2.0, y2 + BOX.1 / 2.0);
    let bend = (16.0 + (y2 - y1).abs() / 6.0).min(66.0);
    let (from, to, out1, out2) = if x1 < x2 {
        (x1 + BOX.0, x2, 50.0, -50.0)
    } else if x1 > x2 {
        (x1, x2 + BOX.0, -50.0, 50.0)
    } else if x1 == COLUMNS[0] {
        (x1, x2, -bend, -bend)
    } else {
        (x1 + BOX.0, x2 + BOX.0, bend, bend)
    };
    format!(
        "<path class=\"say\" d=\"M{from:.0} {y1:.0}C{:.0} {y1:.0} {:.0} {y2:.0} {to:.0} {y2:.0}\" marker-end=\"url(#{id})\"/>",
        from + out1,
        to + out2
    )
}

fn in_words(of: &Crate) -> Option<String> {
    let uses: Vec<&str> = of.uses.iter().map(String::as_str).collect();
    match uses.as_slice() {
        [] => None,
        [only] => Some(format!("{} uses {only}", of.label)),
        [most @ .., last] => Some(format!("{} uses {} and {last}", of.label, most.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crates(uses: &[(&str, &[&str])]) -> Crates {
        let entry = |(name, uses): &(&str, &[&str])| {
            let uses = uses.iter().map(|used| (*used).to_owned()).collect();
            ((*name).to_owned(), Crate { label: (*name).to_owned(), support: false, uses })
        };
        uses.iter().map(entry).collect()
    }

    #[test]
    fn an_arrow_that_two_others_make_is_left_out() {
        let crates = crates(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])]);
        assert_eq!(direct(&crates, "a").collect::<Vec<_>>(), ["b"]);
        assert_eq!(height(&crates, "a", 0).ok(), Some(2));
        assert_eq!(in_words(&crates["a"]).as_deref(), Some("a uses b and c"));
    }

    #[test]
    fn a_circle_is_refused() {
        let circle = crates(&[("a", &["b"]), ("b", &["a"])]);
        assert!(height(&circle, "a", 0).is_err());
    }

    #[test]
    fn the_picture_has_every_chapter() {
        let html = draw(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."), "crates").expect("the manifests");
        for chapter in CHAPTERS {
            assert!(html.contains(&format!(">{} {}</text>", chapter.id(), chapter.name)), "{}", chapter.name);
        }
    }
}
