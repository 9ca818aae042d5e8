//! Questions: below "Check yourself", each option is a folded line of its own,
//! `<details><summary>option</summary>Yes. Why.</details>`.

use crate::inline;

/// One option of a question.
pub struct Choice<'a> {
    pub text: &'a str,
    pub why: &'a str,
}

impl Choice<'_> {
    pub fn is_right(&self) -> bool {
        self.why.starts_with("Yes")
    }
}

/// The option that a line of a page holds.
pub fn choice(line: &str) -> Option<Choice<'_>> {
    let inner = line.trim().strip_prefix("<details><summary>")?.strip_suffix("</details>")?;
    let (text, why) = inner.split_once("</summary>")?;
    (!why.trim().is_empty()).then_some(Choice { text, why })
}

/// An option with its class, for the style and the script, and its Markdown rendered.
pub fn line(line: &str) -> Option<String> {
    let choice = choice(line)?;
    let class = if choice.is_right() { "yes" } else { "no" };
    let (text, why) = (inline::html(choice.text), inline::html(choice.why));
    Some(format!("<details class=\"choice {class}\"><summary>{text}</summary><p>{why}</p></details>\n"))
}

/// The same text as list items, for those who read Markdown and not HTML.
pub fn plain(body: &str) -> String {
    let plain = body.split_inclusive('\n').map(|line| match choice(line) {
        Some(choice) => format!("- {} {}\n", choice.text, choice.why),
        None => line.to_owned(),
    });
    plain.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_marked() {
        let html = line("<details><summary>`a`</summary>Yes. `b`.</details>\n").expect("an option");
        assert!(html.contains("class=\"choice yes\"><summary><code>a</code></summary><p>Yes. <code>b</code>.</p>"));
        assert_eq!(line("<details><summary>Hint 1</summary>\n"), None);
    }
}
