//! Questions: below "Check yourself", each option is a folded line of its own,
//! `<details><summary>option</summary>Yes. Why.</details>`.

use super::inline;

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

/// Gives every option its mark, for the style and the script, and its Markdown
/// the look of the rest.
pub fn render(body: &str) -> String {
    let mut page = String::with_capacity(body.len());
    for line in body.split_inclusive('\n') {
        match choice(line) {
            Some(choice) => {
                let class = if choice.is_right() { "yes" } else { "no" };
                let (text, why) = (inline::html(choice.text), inline::html(choice.why));
                page += &format!("<details class=\"choice {class}\"><summary>{text}</summary><p>{why}</p></details>\n");
            }
            None => page += line,
        }
    }
    page
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
        let page =
            "**1. Q?**\n\n<details><summary>`a`</summary>Yes. `b`.</details>\n<details><summary>Hint 1</summary>\n";
        let html = render(page);
        assert!(html.contains("class=\"choice yes\"><summary><code>a</code></summary><p>Yes. <code>b</code>.</p>"));
        assert!(html.ends_with("<details><summary>Hint 1</summary>\n"));
    }
}
