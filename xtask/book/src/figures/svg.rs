//! The few shapes that drawings are made of. Colors come from the page's style, so
//! that a drawing is right in light and in dark.

use super::html::escape;

/// A drawing with what it shows in words. Its unit is a pixel where it has room.
pub fn drawing(width: u32, height: u32, shows: &str, shapes: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" role=\"img\" aria-label=\"{}\">{shapes}</svg>",
        escape(shows)
    )
}

/// Where a text is put: to the right of its point, or to the left of it.
#[derive(Clone, Copy)]
pub enum Anchor {
    Start,
    End,
}

pub fn text(x: f64, y: f64, anchor: Anchor, words: &str) -> String {
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::End => "end",
    };
    format!("<text x=\"{x:.0}\" y=\"{y:.0}\" text-anchor=\"{anchor}\">{}</text>", escape(words))
}

pub fn line(class: &str, from: (f64, f64), to: (f64, f64)) -> String {
    format!("<path class=\"{class}\" d=\"M{:.0} {:.0}L{:.0} {:.0}\"/>", from.0, from.1, to.0, to.1)
}

/// A line through all points.
pub fn curve(class: &str, points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let points: Vec<String> = points.into_iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
    format!("<path class=\"{class}\" d=\"M{}\"/>", points.join("L"))
}

pub fn square(class: &str, x: f64, y: f64, side: f64) -> String {
    format!("<rect class=\"{class}\" x=\"{x:.0}\" y=\"{y:.0}\" width=\"{side:.0}\" height=\"{side:.0}\"/>")
}

/// A cross: here something ended that should have gone on.
pub fn cross(x: f64, y: f64) -> String {
    format!("<path class=\"end\" d=\"M{:.0} {:.0}l10 10m0-10l-10 10\"/>", x - 5.0, y - 5.0)
}
