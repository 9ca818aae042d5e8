//! A line of Markdown as HTML, for what stands inside HTML: mdBook leaves that as
//! it is.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

/// Code, links and emphasis; anything else as text.
pub fn html(markdown: &str) -> String {
    let mut html = String::new();
    for event in Parser::new(markdown) {
        match event {
            Event::Text(text) => html += &escape(&text),
            Event::Code(code) => html += &format!("<code>{}</code>", escape(&code)),
            Event::Start(Tag::Link { dest_url, .. }) => {
                html += &format!("<a href=\"{}\">", escape(&page_address(&dest_url)));
            }
            Event::End(TagEnd::Link) => html += "</a>",
            Event::Start(Tag::Emphasis) => html += "<em>",
            Event::End(TagEnd::Emphasis) => html += "</em>",
            Event::Start(Tag::Strong) => html += "<strong>",
            Event::End(TagEnd::Strong) => html += "</strong>",
            Event::InlineHtml(tag) | Event::Html(tag) => html += &tag,
            Event::SoftBreak | Event::HardBreak => html.push(' '),
            _ => {}
        }
    }
    html
}

/// A link to a source becomes a link to the page made of it.
fn page_address(link: &str) -> String {
    match link.split_once(".md") {
        Some((name, part)) if !link.contains("://") && (part.is_empty() || part.starts_with('#')) => {
            format!("{name}.html{part}")
        }
        _ => link.to_owned(),
    }
}

/// Text with the characters that HTML reads as markup written out.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_keeps_its_marks() {
        assert_eq!(html("`a<b` & *c*"), "<code>a&lt;b</code> &amp; <em>c</em>");
        assert_eq!(html("[t](setup.md#x)"), "<a href=\"setup.html#x\">t</a>");
        assert_eq!(html("[t](https://a.b/c.md)"), "<a href=\"https://a.b/c.md\">t</a>");
    }
}
