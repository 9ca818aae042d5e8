//! Instructor's notes: `<aside class="teach" data-minutes="5">` in a source, on the
//! page a note with its minutes in words.
//!
//! An aside is a landmark, and landmarks are few and have names of their own. A
//! page has a dozen notes, so they are given the role that says what they are.

use super::head::duration;
use crate::contents::minutes;

/// Gives every note its role, its name and its minutes.
pub fn render(body: &str) -> String {
    let mut page = String::with_capacity(body.len());
    let (mut code, mut open) = (false, false);
    for line in body.split_inclusive('\n') {
        code ^= line.starts_with("```");
        match minutes(line) {
            Some(minutes) if !code => {
                open = true;
                page += &head(minutes);
            }
            _ if open && line.trim() == "</aside>" => {
                open = false;
                page += "</div>\n";
            }
            _ => page += line,
        }
    }
    page
}

fn head(minutes: u32) -> String {
    let words = format!("For the instructor, {}", duration(minutes));
    format!("<div class=\"teach\" role=\"note\" aria-label=\"{words}\">\n<p><strong>{words}</strong></p>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_no_landmark_and_says_its_minutes() {
        let page = "<aside class=\"teach\" data-minutes=\"65\">\n\nSay *this*.\n\n</aside>\n\n<aside>\n</aside>\n";
        let html = render(page);
        assert!(html.starts_with("<div class=\"teach\" role=\"note\" aria-label=\"For the instructor, 1 h 5 min\">"));
        assert!(html.ends_with("Say *this*.\n\n</div>\n\n<aside>\n</aside>\n"), "{html}");
    }

    #[test]
    fn what_a_code_block_shows_is_left_alone() {
        let page = "```html\n<aside class=\"teach\" data-minutes=\"5\">\n</aside>\n```\n";
        assert_eq!(render(page), page);
    }
}
