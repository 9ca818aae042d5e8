//! The pages in the order of SUMMARY.md, with what each says about itself.

use anyhow::{Context, Result};
use mdbook_driver::book::{Book, BookItem, Chapter};

use crate::front::{self, Front, Path};

/// One page.
pub struct Entry {
    /// Its file below `book/`, such as `setup.md`.
    pub file: String,
    /// Its name in the table of contents.
    pub title: String,
    pub front: Front,
    /// Minutes that an instructor needs: what the page's notes add up to.
    pub noted: u32,
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

    /// The pages of the shorter path, in reading order: those before the first
    /// chapter. What comes later is looked up, not read.
    pub fn use_path(&self) -> Vec<&Entry> {
        let before = self.0.iter().take_while(|entry| entry.chapter().is_none());
        before.filter(|entry| entry.front.path != Path::Build).collect()
    }
}

impl Entry {
    /// The page's address, as seen from any other page.
    pub fn link(&self) -> String {
        let name = self.file.strip_suffix(".md").unwrap_or(&self.file);
        format!("{name}.html")
    }

    /// The chapter of the course that this page teaches.
    pub fn chapter(&self) -> Option<&'static course::Chapter> {
        course::CHAPTERS.iter().find(|chapter| chapter.page() == self.file)
    }

    /// Minutes to teach the page: what its notes add up to, or the plan while it
    /// has none.
    pub fn teaching(&self) -> u32 {
        if self.noted == 0 { self.front.teach } else { self.noted }
    }
}

fn entry(chapter: &Chapter) -> Result<Option<Entry>> {
    let Some(path) = &chapter.source_path else { return Ok(None) };
    let file = path.display().to_string();
    let (front, body) = front::split(&chapter.content).with_context(|| format!("book/{file}"))?;
    let (title, noted) = (chapter.name.clone(), noted(body));
    Ok(Some(Entry { file, title, front: front.unwrap_or_default(), noted }))
}

/// The minutes of all the instructor's notes on a page.
fn noted(body: &str) -> u32 {
    let page = pages::Page::parse(body);
    page.sections.iter().flat_map(pages::Section::notes).filter_map(|note| note.minutes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_add_up_and_what_code_shows_is_not_one() {
        let note = "<aside class=\"teach\" data-minutes=\"5\">\n</aside>";
        assert_eq!(noted(&format!("# T\n{note}\n## A\n{note}\n```html\n{note}\n```\n{note}\n")), 15);
    }
}
