//! Which line did you change? What a build does again, line by line.
//!
//! A line of the recipe is drawn once, with each outcome that it had and the changes
//! that led to it. So the page has no table for each change.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::figure::Figure;
use super::html;
use crate::inline::escape;

/// For each recipe and each change, what became of the recipe's lines.
type Recording = BTreeMap<String, BTreeMap<String, Vec<Line>>>;

#[derive(Deserialize)]
struct Line {
    text: String,
    cached: bool,
    /// None if the line makes no layer.
    seconds: Option<f64>,
    /// The size of the layer that it made.
    layer: Option<String>,
}

const RECIPES: [(&str, &str); 2] =
    [("careful", "`requirements.txt` first, the rest after `pip`"), ("hasty", "everything before `pip`")];

/// A build on an empty cache; the other changes come after it.
const FIRST: &str = "first";

pub fn draw(figure: &Figure) -> Result<String> {
    let recording: Recording = figure.data()?;
    let mut body = html::choice("The recipe copies", &html::radio("cache-recipe", RECIPES));
    body += &html::choice("What changed since the first build", &html::radio("cache-change", figure.options()));
    for (recipe, label) in RECIPES {
        let builds = figure.recorded(&recording, recipe)?;
        body += &html::case("div", recipe, label, &table(figure, builds)?);
    }
    Ok(body)
}

/// Changes that had the same outcome for a line, in the order of the options.
type Outcomes<'a> = Vec<(String, Vec<(&'a str, &'a str)>)>;

fn table(figure: &Figure, builds: &BTreeMap<String, Vec<Line>>) -> Result<String> {
    let first = figure.recorded(builds, FIRST)?;
    let mut rows = String::new();
    for (at, line) in first.iter().enumerate() {
        let outcomes = gather(figure, builds, |lines| {
            let now = lines.get(at).filter(|_| lines.len() == first.len());
            now.map(|now| outcome(line, now))
        })?;
        rows += &row(&format!("<code>{}</code>", escape(&line.text)), &outcomes);
    }
    let total = |lines: &Vec<Line>| {
        let seconds = lines.iter().filter_map(|line| line.seconds).fold(0.0, |sum, one| sum + one);
        Some(format!("<b>{seconds:.1} s</b>{}", bar(seconds)))
    };
    rows += &row("all lines", &gather(figure, builds, total)?);
    Ok(html::facts("facts lines", "What the build does", &["The line", "The build"], &rows))
}

fn gather<'a>(
    figure: &'a Figure,
    builds: &BTreeMap<String, Vec<Line>>,
    of: impl Fn(&Vec<Line>) -> Option<String>,
) -> Result<Outcomes<'a>> {
    let mut outcomes: Outcomes<'a> = Vec::new();
    for (change, label) in figure.options() {
        let outcome = of(figure.recorded(builds, change)?);
        let outcome = outcome.with_context(|| format!("figure 'cache': '{change}' has other lines"))?;
        match outcomes.iter_mut().find(|(known, _)| *known == outcome) {
            Some((_, changes)) => changes.push((change, label)),
            None => outcomes.push((outcome, vec![(change, label)])),
        }
    }
    Ok(outcomes)
}

fn row(head: &str, outcomes: &Outcomes<'_>) -> String {
    let mut cells = String::new();
    for (outcome, changes) in outcomes {
        let condition: Vec<&str> = changes.iter().map(|(change, _)| *change).collect();
        let label: Vec<&str> = changes.iter().map(|(_, label)| *label).collect();
        cells += &html::case("span", &condition.join(","), &format!("{}:", label.join("; ")), outcome);
    }
    html::fact(head, &[cells])
}

/// What was done for a line, which reads as it does now.
fn outcome(before: &Line, now: &Line) -> String {
    let text = match before.text == now.text {
        true => String::new(),
        false => format!("<code>{}</code> ", escape(&now.text)),
    };
    let done = match (now.cached, now.seconds, &now.layer) {
        (true, ..) => "<strong>CACHED</strong>".to_owned(),
        (false, Some(seconds), Some(layer)) => format!("{seconds:.1} s, layer of {}{}", escape(layer), bar(seconds)),
        (false, ..) => "done, no layer".to_owned(),
    };
    text + &done
}

/// Seconds as a length; the number stands beside it.
fn bar(seconds: f64) -> String {
    const PIXELS_A_SECOND: f64 = 9.0;
    const SHORTEST: f64 = 0.1;
    if seconds < SHORTEST {
        return String::new();
    }
    let width = seconds * PIXELS_A_SECOND;
    format!(
        " <svg class=\"bars\" width=\"{width:.0}\" height=\"8\" aria-hidden=\"true\">\
         <rect width=\"{width:.0}\" height=\"8\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, cached: bool, seconds: Option<f64>) -> Line {
        Line { text: text.into(), cached, seconds, layer: seconds.map(|_| "5 B".into()) }
    }

    #[test]
    fn the_recorded_recipe_is_that_of_the_workshop() {
        let recording: Recording =
            serde_json::from_str(include_str!("../../../../book/figures/cache/data.json")).expect("the recording");
        let recorded: Vec<&str> = recording["careful"]["first"].iter().map(|line| line.text.as_str()).collect();
        let recipe = include_str!("../../../../solutions/quotes/Dockerfile");
        assert_eq!(recorded, recipe.lines().collect::<Vec<_>>());
    }

    #[test]
    fn an_outcome_names_the_line_if_that_is_what_changed() {
        let first = line("EXPOSE 80", false, None);
        assert_eq!(outcome(&first, &line("EXPOSE 80", true, None)), "<strong>CACHED</strong>");
        assert_eq!(outcome(&first, &line("EXPOSE 81", false, None)), "<code>EXPOSE 81</code> done, no layer");
        assert!(outcome(&first, &line("EXPOSE 80", false, Some(2.0))).starts_with("2.0 s, layer of 5 B <svg"));
    }
}
