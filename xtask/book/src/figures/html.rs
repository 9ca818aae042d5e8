//! The few pieces of HTML that every figure is made of.

/// Text with what HTML reads as marks written out.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Text in which words between backticks are code and between stars strong, as in
/// Markdown.
pub fn rich(text: &str) -> String {
    wrap(&wrap(&escape(text), '`', "code"), '*', "strong")
}

/// Every second part between two marks becomes an element.
fn wrap(text: &str, mark: char, element: &str) -> String {
    let part = |(number, part): (usize, &str)| match number % 2 {
        1 => format!("<{element}>{part}</{element}>"),
        _ => part.to_owned(),
    };
    text.split(mark).enumerate().map(part).collect()
}

/// How a strip goes on.
#[derive(Clone, Copy)]
pub enum Strip {
    /// Each frame takes the place of the one before.
    OneByOne,
    /// Each frame is added below the one before, as what is said in a conversation.
    Talk,
}

/// The two primitives. Both are complete without script: all of it is visible,
/// and what belongs to a choice says so in a label.
///
/// A comic strip: one state after the other. Script adds the buttons.
pub fn frames(name: &str, strip: Strip, frames: &[String]) -> String {
    let class = match strip {
        Strip::OneByOne => "frames",
        Strip::Talk => "frames grows talk",
    };
    let items: String = frames.iter().map(|frame| format!("<li>{frame}</li>\n")).collect();
    format!("<ol class=\"{class}\" aria-label=\"{}\">\n{items}</ol>\n", escape(name))
}

/// One control of a choice.
pub struct Control {
    /// What conditions call it; unique in the figure.
    pub value: String,
    pub label: String,
    /// Radio buttons of one group exclude each other; without, a check box.
    pub group: Option<String>,
    pub on: bool,
}

impl Control {
    pub fn check_box(value: &str, label: &str) -> Self {
        Self { value: value.to_owned(), label: label.to_owned(), group: None, on: false }
    }
}

/// Radio buttons, of which the first is chosen.
pub fn radio<'a>(group: &str, options: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Control> {
    let control = |(at, (value, label)): (usize, (&str, &str))| Control {
        value: value.to_owned(),
        label: label.to_owned(),
        group: Some(group.to_owned()),
        on: at == 0,
    };
    options.into_iter().enumerate().map(control).collect()
}

/// A group of controls with its question. Shown only where script can answer.
pub fn choice(question: &str, controls: &[Control]) -> String {
    let mut html = format!("<fieldset><legend>{}</legend>\n", rich(question));
    for control in controls {
        let kind = match &control.group {
            Some(group) => format!("radio\" name=\"{}", escape(group)),
            None => "checkbox".to_owned(),
        };
        let checked = if control.on { " checked" } else { "" };
        let (value, label) = (escape(&control.value), rich(&control.label));
        html += &format!("<label><input type=\"{kind}\" value=\"{value}\"{checked}> <span>{label}</span></label>\n");
    }
    html + "</fieldset>\n"
}

/// What is visible under a condition. `condition` lists alternatives, separated
/// by commas; each lists values that must be chosen, or with `!` must not be.
/// `label` says the same in words, for whoever sees all cases at once.
pub fn case(element: &str, condition: &str, label: &str, content: &str) -> String {
    let label = if label.is_empty() { String::new() } else { format!("<span class=\"when\">{}</span> ", rich(label)) };
    format!("<{element} data-if=\"{}\">{label}{content}</{element}>", escape(condition))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_written_out_and_backticks_are_code() {
        assert_eq!(rich("a < `b & c`"), "a &lt; <code>b &amp; c</code>");
    }

    #[test]
    fn the_first_radio_button_is_chosen() {
        let html = choice("Which?", &radio("g", [("a", "A"), ("b", "B")]));
        assert!(html.contains("value=\"a\" checked"));
        assert!(!html.contains("value=\"b\" checked"));
    }
}
