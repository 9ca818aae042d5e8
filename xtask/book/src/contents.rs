//! The pages in the order of SUMMARY.md, with what each says of itself.

use mdbook_driver::book::{Book, BookItem, Chapter};

use crate::failure::{Failure, Result};
use crate::front::{self, Front, Path};

/// One page.
pub struct Entry {
    /// Its file below `book/`, such as `setup.md`.
    pub file: String,
    /// Its name in the table of contents.
    pub title: String,
    pub front: Front,
    /// What an instructor needs for each section, in minutes.
    pub taught: Vec<(String, u32)>,
}

/// All pages.
pub struct Contents(pub Vec<Entry>);

impl Contents {
    pub fn of(book: &Book) -> Result<Self> {
        let chapters = book.iter().filter_map(|item| match item {
            BookItem::Chapter(chapter) => Some(chapter),
            _ => None,
        });
        chapters.filter_map(|chapter| entry(chapter).transpose()).collect::<Result<_>>().map(Self)
    }

    pub fn find(&self, file: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.file == file)
    }

    /// The pages of the shorter path, in the order in which they are read: those
    /// before the first chapter. What comes later is looked up, not read.
    pub fn use_path(&self) -> Vec<&Entry> {
        let before = self.0.iter().take_while(|entry| entry.chapter().is_none());
        before.filter(|entry| entry.front.path != Path::Build).collect()
    }
}

impl Entry {
    /// The page's address, seen from any other page.
    pub fn link(&self) -> String {
        let name = self.file.strip_suffix(".md").unwrap_or(&self.file);
        format!("{name}.html")
    }

    /// The chapter of the course that is taught here.
    pub fn chapter(&self) -> Option<&'static course::Chapter> {
        course::CHAPTERS.iter().find(|chapter| chapter.page() == self.file)
    }

    /// Minutes to teach the page: what its notes add up to, or the plan as long
    /// as there are none.
    pub fn teaching(&self) -> u32 {
        match self.taught.iter().map(|(_, minutes)| minutes).sum() {
            0 => self.front.teach,
            minutes => minutes,
        }
    }
}

fn entry(chapter: &Chapter) -> Result<Option<Entry>> {
    let Some(path) = &chapter.source_path else { return Ok(None) };
    let file = path.display().to_string();
    let (front, body) =
        front::split(&chapter.content).map_err(|fault| Failure::new(format!("book/{file}: {fault}")))?;
    let title = chapter.name.clone();
    Ok(Some(Entry { file, title, front: front.unwrap_or_default(), taught: taught(body) }))
}

/// The minutes of the instructor's notes, under the heading where they stand.
fn taught(body: &str) -> Vec<(String, u32)> {
    let mut sections: Vec<(String, u32)> = Vec::new();
    let (mut heading, mut code) = ("", false);
    for line in body.lines() {
        if line.starts_with("```") {
            code = !code;
        } else if !code && line.starts_with('#') {
            heading = line.trim_start_matches('#').trim();
        } else if let Some(minutes) = minutes(line) {
            match sections.last_mut() {
                Some((last, sum)) if last == heading => *sum += minutes,
                _ => sections.push((heading.to_owned(), minutes)),
            }
        }
    }
    sections
}

/// The minutes of the instructor's note that a line begins.
pub fn minutes(line: &str) -> Option<u32> {
    let (_, rest) = line.strip_prefix("<aside class=\"teach\"")?.split_once("data-minutes=\"")?;
    rest.split('"').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_add_up_under_their_headings() {
        let note = "<aside class=\"teach\" data-minutes=\"5\">";
        let page = format!("# T\n{note}\n## A\n{note}\n{note}\n```sh\n# no heading\n```\n{note}\n");
        assert_eq!(taught(&page), [("T".to_owned(), 5), ("A".to_owned(), 15)]);
    }
}
