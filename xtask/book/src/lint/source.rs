//! The source pages of the book.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::page::Page;
use crate::preprocess::quiz;
use crate::{files, front};

/// A source page of the book.
pub struct Source {
    /// The file's name below `book/`.
    pub name: String,
    pub text: String,
    pub page: Page,
}

impl Source {
    /// The page as messages name it.
    pub fn place(&self) -> String {
        format!("book/{}", self.name)
    }

    /// The code that a line includes or shows: the path and the part named by
    /// `{{#include path:part}}`.
    pub fn include(line: &str) -> Option<(&str, &str)> {
        let inner = line.strip_prefix("{{#include ")?.strip_suffix("}}")?.trim();
        Some(inner.split_once(':').unwrap_or((inner, "")))
    }

    #[cfg(test)]
    pub fn of(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), text: text.to_owned(), page: Page::parse(text) }
    }
}

/// Every page in the directory, sorted by name.
pub fn read_all(directory: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| format!("cannot list {}", directory.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            let text = files::read(&path)?;
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let page = Page::parse(&quiz::plain(&front::blanked(&text)?));
            sources.push(Source { name, text, page });
        }
    }
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_include_is_split_into_path_and_part() {
        assert_eq!(Source::include("{{#include ../a.rs:part}}"), Some(("../a.rs", "part")));
        assert_eq!(Source::include("{{#include ../a.rs}}"), Some(("../a.rs", "")));
        assert_eq!(Source::include("fn main() {}"), None);
    }
}
