//! The few pieces of HTML that every figure is made of. They are complete without
//! script: all of it is visible, and what belongs to a choice says so in a label.

use crate::inline::{self, escape};

/// How a strip goes on.
#[derive(Clone, Copy)]
pub enum Strip {
    /// Each frame takes the place of the one before.
    OneByOne,
    /// Each frame is added below the one before, as in a conversation.
    Talk,
}

/// A comic strip: one state after the other. Script adds the buttons.
pub fn frames(name: &str, strip: Strip, frames: &[String]) -> String {
    let class = match strip {
        Strip::OneByOne => "frames",
        Strip::Talk => "frames grows talk",
    };
    let items: String = frames.iter().map(|frame| format!("<li>{frame}</li>\n")).collect();
    format!("<ol class=\"{class}\" aria-label=\"{}\">\n{items}</ol>\n", escape(name))
}

/// A check box. Conditions know it by its value, which is unique in the figure.
pub fn check_box(value: &str, label: &str) -> String {
    control("type=\"checkbox\"", value, label)
}

/// Radio buttons, of which the first is chosen.
pub fn radio<'a>(group: &str, options: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut attributes = format!("type=\"radio\" name=\"{}\" checked", escape(group));
    let mut buttons = String::new();
    for (value, label) in options {
        buttons += &control(&attributes, value, label);
        attributes = attributes.trim_end_matches(" checked").to_owned();
    }
    buttons
}

fn control(attributes: &str, value: &str, label: &str) -> String {
    let (value, label) = (escape(value), inline::html(label));
    format!("<label><input {attributes} value=\"{value}\"> <span>{label}</span></label>\n")
}

/// A group of controls with its question. Shown only where script can answer.
pub fn choice(question: &str, controls: &str) -> String {
    format!("<fieldset><legend>{}</legend>\n{controls}</fieldset>\n", inline::html(question))
}

/// What is visible under a condition. `condition` lists alternatives, separated by
/// commas; each lists values that must be chosen, or with `!` must not be. `label`
/// says the same in words, for readers who see all cases at once.
pub fn case(element: &str, condition: &str, label: &str, content: &str) -> String {
    let label =
        if label.is_empty() { String::new() } else { format!("<span class=\"when\">{}</span> ", inline::html(label)) };
    format!("<{element} data-if=\"{}\">{label}{content}</{element}>", escape(condition))
}

/// A table of two or more columns, whose first cells are headings.
pub fn facts(class: &str, label: &str, head: &[&str], rows: &str) -> String {
    let head: String = head.iter().map(|name| format!("<span role=\"columnheader\">{name}</span>")).collect();
    format!(
        "<div class=\"{class}\" role=\"table\" aria-label=\"{label}\">\n<div role=\"row\" class=\"head\">{head}</div>\n{rows}</div>\n"
    )
}

/// A row of such a table.
pub fn fact(head: &str, cells: &[String]) -> String {
    let cells: String = cells.iter().map(|cell| format!("<span role=\"cell\">{cell}</span>")).collect();
    format!("<div role=\"row\"><span role=\"rowheader\">{head}</span>{cells}</div>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_radio_button_is_chosen() {
        let html = radio("g", [("a", "`A`"), ("b", "B")]);
        assert!(html.contains("name=\"g\" checked value=\"a\"> <span><code>A</code></span>"), "{html}");
        assert_eq!(html.matches("checked").count(), 1);
    }
}
