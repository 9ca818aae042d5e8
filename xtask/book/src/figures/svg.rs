//! The few shapes that drawings are made of. Colors come from the page's style, so
//! that a drawing looks right in light and in dark.

use crate::inline::escape;

/// A drawing with what it shows in words. Its unit is a pixel where it has room.
pub fn drawing(width: u32, height: u32, shows: &str, shapes: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {width} {height}\" width=\"{width}\" role=\"img\" aria-label=\"{}\">{shapes}</svg>",
        escape(shows)
    )
}

/// A text that starts or ends at a point, or has its middle there: as `text-anchor` says.
pub fn text(x: f64, y: f64, anchor: &str, words: &str) -> String {
    format!("<text x=\"{x:.0}\" y=\"{y:.0}\" text-anchor=\"{anchor}\">{}</text>", escape(words))
}

/// A line through all points.
pub fn curve(class: &str, points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let points: Vec<String> = points.into_iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
    format!("<path class=\"{class}\" d=\"M{}\"/>", points.join("L"))
}

pub fn rectangle(class: &str, x: f64, y: f64, width: f64, height: f64) -> String {
    format!("<rect class=\"{class}\" x=\"{x:.0}\" y=\"{y:.0}\" width=\"{width:.0}\" height=\"{height:.0}\"/>")
}

/// A cross: something ended here that should have gone on.
pub fn cross(x: f64, y: f64) -> String {
    format!("<path class=\"end\" d=\"M{:.0} {:.0}l10 10m0-10l-10 10\"/>", x - 5.0, y - 5.0)
}
