//! Instructor's notes: `<aside class="teach" data-minutes="5">` in a source, on the
//! page a note with its minutes in words.
//!
//! An aside is a landmark, and landmarks are few and have names of their own. A
//! page has a dozen notes, so they get the role that says what they are.

use super::times::duration;

/// The notes of one page, line by line.
#[derive(Default)]
pub struct Notes {
    open: bool,
}

impl Notes {
    /// What stands in the place of a line that begins or ends a note.
    pub fn line(&mut self, line: &str) -> Option<String> {
        if let Some(minutes) = minutes(line) {
            self.open = true;
            let words = format!("For the instructor, {}", duration(minutes));
            return Some(format!(
                "<div class=\"teach\" role=\"note\" aria-label=\"{words}\">\n<p><strong>{words}</strong></p>\n"
            ));
        }
        let ends = self.open && line.trim() == "</aside>";
        self.open &= !ends;
        ends.then(|| "</div>\n".to_owned())
    }
}

fn minutes(line: &str) -> Option<u32> {
    let (_, rest) = line.strip_prefix("<aside class=\"teach\"")?.split_once("data-minutes=\"")?;
    rest.split('"').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_no_landmark_and_says_its_minutes() {
        let mut notes = Notes::default();
        let html = notes.line("<aside class=\"teach\" data-minutes=\"65\">\n").expect("a note");
        assert!(html.starts_with("<div class=\"teach\" role=\"note\" aria-label=\"For the instructor, 1 h 5 min\">"));
        assert_eq!(notes.line("Say *this*.\n"), None);
        assert_eq!(notes.line("</aside>\n").as_deref(), Some("</div>\n"));
        assert_eq!(notes.line("<aside>\n").or(notes.line("</aside>\n")), None);
    }
}
