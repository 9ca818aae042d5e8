//! A page's Markdown, taken apart as mdBook reads it: its prose, block by block,
//! and its code blocks.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// One block of running text: a paragraph or a list item.
pub struct Block {
    pub line: usize,
    pub text: String,
}

/// One fenced block, with what its fence says.
pub struct Code {
    pub line: usize,
    /// What follows the fence, such as `rust,ignore`; empty without.
    pub info: String,
    pub text: String,
}

/// What the lint looks at.
#[derive(Default)]
pub struct Page {
    pub prose: Vec<Block>,
    pub code: Vec<Code>,
    /// Headings and table cells: searched for words, not measured.
    pub labels: Vec<Block>,
}

/// What the text being read belongs to.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Prose,
    Label,
    Skipped,
}

impl Page {
    pub fn parse(markdown: &str) -> Self {
        let mut reader = Reader { page: Page::default(), open: Vec::new(), source: markdown };
        for (event, range) in Parser::new_ext(markdown, extensions()).into_offset_iter() {
            reader.take(event, &range);
        }
        reader.page
    }
}

/// The first paragraph of more than a few words, as plain text: the marks of the two
/// reading paths stand above it.
pub fn first_paragraph(markdown: &str) -> Option<String> {
    const FEW: usize = 6;
    let (mut inside, mut text) = (false, String::new());
    for event in Parser::new_ext(markdown, extensions()) {
        match event {
            Event::Start(Tag::Paragraph) => (inside, text) = (true, String::new()),
            Event::Text(part) | Event::Code(part) if inside => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak if inside => text.push(' '),
            Event::End(TagEnd::Paragraph) if text.split_whitespace().count() > FEW => return Some(text),
            Event::End(TagEnd::Paragraph) => inside = false,
            _ => {}
        }
    }
    None
}

/// The extensions that mdBook 0.5 switches on.
fn extensions() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_DEFINITION_LIST
        | Options::ENABLE_GFM
}

struct Reader<'a> {
    page: Page,
    /// The blocks being read, outermost first.
    open: Vec<(Kind, Block)>,
    source: &'a str,
}

impl Reader<'_> {
    fn take(&mut self, event: Event<'_>, range: &Range<usize>) {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let info = match kind {
                    CodeBlockKind::Fenced(info) => info.to_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                let line = self.line(range);
                self.page.code.push(Code { line, info, text: String::new() });
                self.begin(Kind::Skipped, range);
            }
            Event::Start(tag) => {
                if let Some(kind) = kind_of(&tag) {
                    self.begin(kind, range);
                }
            }
            Event::End(tag) if closes(tag) => self.end(),
            Event::Text(text) => self.text(&text),
            // One word, whatever it holds: code has no reading grade.
            Event::Code(_) => self.word("it"),
            Event::SoftBreak | Event::HardBreak => self.word(" "),
            _ => {}
        }
    }

    fn line(&self, range: &Range<usize>) -> usize {
        1 + self.source[..range.start].matches('\n').count()
    }

    fn begin(&mut self, kind: Kind, range: &Range<usize>) {
        let line = self.line(range);
        self.open.push((kind, Block { line, text: String::new() }));
    }

    fn end(&mut self) {
        match self.open.pop() {
            Some((Kind::Prose, block)) if !block.text.trim().is_empty() => self.page.prose.push(block),
            Some((Kind::Label, block)) => self.page.labels.push(block),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        match self.open.last_mut() {
            Some((Kind::Skipped, _)) => {
                if let Some(code) = self.page.code.last_mut() {
                    code.text.push_str(text);
                }
            }
            Some((_, block)) => block.text.push_str(text),
            None => {}
        }
    }

    fn word(&mut self, word: &str) {
        if let Some((Kind::Prose | Kind::Label, block)) = self.open.last_mut() {
            block.text.push_str(word);
        }
    }
}

fn kind_of(tag: &Tag<'_>) -> Option<Kind> {
    match tag {
        Tag::Paragraph | Tag::Item | Tag::DefinitionListDefinition => Some(Kind::Prose),
        Tag::Heading { .. } | Tag::TableCell | Tag::DefinitionListTitle => Some(Kind::Label),
        _ => None,
    }
}

fn closes(tag: TagEnd) -> bool {
    use TagEnd::{CodeBlock, DefinitionListDefinition, DefinitionListTitle, Heading, Item, Paragraph, TableCell};
    matches!(
        tag,
        CodeBlock | DefinitionListDefinition | DefinitionListTitle | Heading(_) | Item | Paragraph | TableCell
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_paragraph_says_something() {
        let text = first_paragraph(
            "# T\n\n<b>use it</b> <b>build it</b>\n\nThe call `chroot` changes what a\nprocess sees.\n",
        );
        assert_eq!(text.as_deref(), Some("The call chroot changes what a process sees."));
        assert_eq!(first_paragraph("# T\n"), None);
    }

    #[test]
    fn prose_labels_and_code_are_told_apart() {
        let page = Page::parse("# Title\n\nText with `code` in it.\n\n- one\n- two\n\n```rust\nfn x() {}\n```\n");
        let prose: Vec<&str> = page.prose.iter().map(|block| block.text.as_str()).collect();
        assert_eq!(prose, ["Text with it in it.", "one", "two"]);
        assert_eq!(page.labels[0].text, "Title");
        assert_eq!((page.code[0].info.as_str(), page.code[0].text.as_str()), ("rust", "fn x() {}\n"));
        assert_eq!(page.code[0].line, 8);
    }
}
