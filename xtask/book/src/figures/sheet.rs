//! What every figure has around it: a title, a question to answer before
//! looking, and a command to see the same on one's own machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::html::{escape, rich};
use crate::failure::{Failure, Result};

/// A figure's words, as `figure.toml` has them. Words between backticks are code.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub title: String,
    /// The question that the reader answers first. Pictures have none.
    #[serde(default)]
    pub predict: String,
    /// What there is to see: for whoever cannot see it, and for whoever wonders.
    pub notice: String,
    /// A command that shows the same.
    #[serde(default, rename = "do")]
    pub command: String,
    /// Captions, by the names that the recording uses.
    #[serde(default)]
    pub captions: BTreeMap<String, String>,
    /// Options of a choice: value and label, in their order.
    #[serde(default)]
    pub options: Vec<(String, String)>,
}

/// A figure's directory below `book/figures/`.
pub struct Sheet {
    pub name: String,
    directory: PathBuf,
    pub words: Words,
}

impl Sheet {
    pub fn open(book: &Path, name: &str) -> Result<Self> {
        let directory = book.join("figures").join(name);
        let path = directory.join("figure.toml");
        let text = fs::read_to_string(&path).map_err(Failure::io("read", &path))?;
        let words = toml::from_str(&text).map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        Ok(Self { name: name.to_owned(), directory, words })
    }

    /// What was recorded.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T> {
        let path = self.directory.join("data.json");
        let text = fs::read_to_string(&path).map_err(Failure::io("read", &path))?;
        serde_json::from_str(&text).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
    }

    /// The case of that name. One that the recording lacks fails the build.
    pub fn recorded<'a, T>(&self, cases: &'a BTreeMap<String, T>, name: &str) -> Result<&'a T> {
        let missing = || Failure::new(format!("figure '{}': '{name}' was not recorded", self.name));
        cases.get(name).ok_or_else(missing)
    }

    /// The caption of that name. A recording that has changed its names is told
    /// to whoever builds the book, not to the reader.
    pub fn caption(&self, name: &str) -> Result<String> {
        let caption = self.words.captions.get(name).map(|caption| rich(caption));
        caption.ok_or_else(|| Failure::new(format!("figure '{}' has no caption '{name}'", self.name)))
    }

    pub fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        self.words.options.iter().map(|(value, label)| (value.as_str(), label.as_str()))
    }

    /// The figure around its body.
    pub fn around(&self, body: &str) -> String {
        let (name, words) = (escape(&self.name), &self.words);
        format!(
            "<figure class=\"fig\" id=\"figure-{name}\" aria-labelledby=\"figure-{name}-title\">\n\
             <figcaption id=\"figure-{name}-title\">{}</figcaption>\n\
             <p class=\"ask\"><b>Predict</b> {}</p>\n{body}\
             <p class=\"notice\">{}</p>\n\
             <p class=\"do\"><b>Do it yourself</b> <code>{}</code></p>\n</figure>",
            rich(&words.title),
            rich(&words.predict),
            rich(&words.notice),
            escape(&words.command),
        )
    }
}
