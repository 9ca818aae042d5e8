//! From 1979 to today: the list of the page itself, on a scale of years.
//!
//! The page has the list as a definition list, a year and a name for each term. The
//! drawing is made from it, so that there is no second copy of any entry.

use anyhow::{Context, Result, ensure};

use super::svg;

/// A term of the list.
#[derive(Debug, PartialEq)]
struct Entry {
    /// The year as a number on the scale, with its month as a part of it.
    at: f64,
    /// As it stands in the page: `March 2013`.
    when: String,
    what: String,
}

const FIRST_YEAR: f64 = 1978.0;
const LAST_YEAR: f64 = 2026.0;
const YEAR: f64 = 10.0;
const TOP: f64 = 16.0;
const SCALE: f64 = 48.0;
const NAMES: f64 = 104.0;
const WIDTH: u32 = 390;
/// The least distance of two lines of text.
const TEXT: f64 = 21.0;
const MONTHS: &str = "January February March April May June July August September October November December";

pub fn draw(page: &str) -> Result<String> {
    let entries = entries(page)?;
    let bottom = y(LAST_YEAR);
    let mut shapes = svg::curve("runs", [(SCALE, y(FIRST_YEAR)), (SCALE, bottom)]);
    for year in (1980..=2020).step_by(10) {
        shapes += &svg::text(SCALE - 12.0, y(f64::from(year)) + 4.0, "end", &year.to_string());
        shapes += &svg::curve("axis", [(SCALE - 8.0, y(f64::from(year))), (SCALE, y(f64::from(year)))]);
    }
    shapes += &svg::text(SCALE - 12.0, bottom + 4.0, "end", "today");
    let places = spread(&entries.iter().map(|entry| y(entry.at)).collect::<Vec<_>>(), bottom);
    for (entry, place) in entries.iter().zip(places) {
        shapes += &format!("<circle cx=\"{SCALE}\" cy=\"{:.0}\" r=\"4\"/>", y(entry.at));
        shapes += &svg::curve("axis", [(SCALE, y(entry.at)), (NAMES - 24.0, place), (NAMES - 6.0, place)]);
        shapes += &svg::text(NAMES, place + 4.0, "start", &format!("{}: {}", entry.when, entry.what));
    }
    let shows = entries.iter().map(|entry| format!("{}: {}", entry.when, entry.what)).collect::<Vec<_>>().join("; ");
    let drawing = svg::drawing(WIDTH, (bottom + 20.0) as u32, &shows, &shapes);
    Ok(format!("<div class=\"years\">{drawing}</div>"))
}

fn y(year: f64) -> f64 {
    TOP + (year - FIRST_YEAR) * YEAR
}

/// Every term of the page's definition lists that begins with a year. One whose
/// definition links to no source fails the build.
fn entries(page: &str) -> Result<Vec<Entry>> {
    let mut found = Vec::new();
    for paragraph in page.split("\n\n") {
        let Some((term, definition)) = paragraph.trim().split_once("\n: ") else { continue };
        found.push(entry(term).with_context(|| format!("the timeline: '{term}' does not begin with a year"))?);
        ensure!(definition.contains("](http"), "the timeline: '{term}' names no source");
    }
    ensure!(!found.is_empty(), "the timeline: its page has no list of years");
    let sorted = found.is_sorted_by(|one, next| one.at <= next.at);
    ensure!(sorted, "the timeline: its page's list is not in the order of years");
    Ok(found)
}

/// `March 2013: Docker`, `2000 to 2002: Virtuozzo`, `22 June 2015: …`. The first
/// year counts.
fn entry(term: &str) -> Option<Entry> {
    let (when, what) = term.split_once(": ")?;
    let words: Vec<&str> = when.split(' ').collect();
    let year: u16 = words.iter().filter(|word| word.len() == 4).find_map(|word| word.parse().ok())?;
    let month = MONTHS.split(' ').position(|month| words.contains(&month));
    Some(Entry {
        at: f64::from(year) + month.unwrap_or_default() as f64 / 12.0,
        when: when.to_owned(),
        what: what.to_owned(),
    })
}

/// Places for lines of text, as near as can be to where they belong, and none over
/// another: first pushed down, then, from the end, back up.
fn spread(wanted: &[f64], bottom: f64) -> Vec<f64> {
    let mut places = Vec::with_capacity(wanted.len());
    let mut free = f64::MIN;
    for place in wanted {
        free = place.max(free);
        places.push(free);
        free += TEXT;
    }
    let mut free = bottom;
    for place in places.iter_mut().rev() {
        *place = place.min(free);
        free = *place - TEXT;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_the_list() {
        let page = "Text.\n\n1979: chroot\n: It [appears](https://x.org/).\n\nMarch 2013: Docker\n: A [talk](https://y.org).\n";
        let found = entries(page).expect("two entries");
        assert_eq!(found[0], Entry { at: 1979.0, when: "1979".into(), what: "chroot".into() });
        assert_eq!(found[1].when, "March 2013");
        assert!((found[1].at - 2013.17).abs() < 0.01);
    }

    #[test]
    fn an_entry_without_source_or_out_of_order_fails_by_name() {
        let fault = |page| entries(page).expect_err("a fault").to_string();
        assert!(fault("1979: chroot\n: No link.\n").contains("'1979: chroot' names no source"));
        assert!(fault("chroot\n: [a](https://x.org)\n").contains("'chroot' does not begin with a year"));
        assert!(fault("1980: b\n: [a](https://x.org)\n\n1979: a\n: [a](https://x.org)\n").contains("order of years"));
        assert!(fault("No list.").contains("has no list"));
    }

    #[test]
    fn lines_of_text_keep_their_distance() {
        let places = spread(&[0.0, 1.0, 2.0, 100.0], 103.0);
        assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= TEXT));
        assert!(places[3] <= 103.0);
    }
}
