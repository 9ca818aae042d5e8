//! A figure's sources, and what every figure has around it: a title, a question to
//! answer before looking, and a command that shows the same on one's own machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::html;
use crate::files;
use crate::inline::{self, escape};

/// A figure's words, as `figure.toml` has them, in Markdown.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub title: String,
    /// The question that the reader answers first. Pictures have none.
    #[serde(default)]
    pub predict: String,
    /// What the figure shows, in words.
    pub notice: String,
    /// A command that shows the same.
    #[serde(default, rename = "do")]
    pub command: String,
    /// Captions, by the names that the recording uses.
    #[serde(default)]
    pub captions: BTreeMap<String, String>,
    /// Options of a choice, in order: value and label.
    #[serde(default)]
    pub options: Vec<(String, String)>,
}

/// A figure as `book/figures/NAME/` describes it.
pub struct Figure {
    pub name: String,
    directory: PathBuf,
    pub words: Words,
}

impl Figure {
    pub fn open(book: &Path, name: &str) -> Result<Self> {
        let directory = book.join("figures").join(name);
        ensure!(directory.is_dir(), "no figure '{name}': {} is missing", directory.display());
        let path = directory.join("figure.toml");
        let words = toml::from_str(&files::read(&path)?).with_context(|| path.display().to_string())?;
        Ok(Self { name: name.to_owned(), directory, words })
    }

    /// What was recorded.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T> {
        let path = self.directory.join("data.json");
        serde_json::from_str(&files::read(&path)?).with_context(|| path.display().to_string())
    }

    /// The case of that name. One that the recording lacks fails the build.
    pub fn recorded<'a, T>(&self, cases: &'a BTreeMap<String, T>, name: &str) -> Result<&'a T> {
        cases.get(name).with_context(|| format!("figure '{}': '{name}' was not recorded", self.name))
    }

    /// The caption of that name. One that is missing fails the build.
    pub fn caption(&self, name: &str) -> Result<String> {
        let caption = self.words.captions.get(name).map(|caption| inline::html(caption));
        caption.with_context(|| format!("figure '{}' has no caption '{name}'", self.name))
    }

    pub fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        self.words.options.iter().map(|(value, label)| (value.as_str(), label.as_str()))
    }

    /// A choice of the figure's options, and below it what `draw` makes of each one's
    /// recording.
    pub fn choose<T>(
        &self,
        question: &str,
        recording: &BTreeMap<String, T>,
        draw: impl Fn(&str, &str, &T) -> Result<String>,
    ) -> Result<String> {
        let mut body = html::choice(question, &html::radio(&self.name, self.options()));
        for (value, label) in self.options() {
            let drawn = draw(value, label, self.recorded(recording, value)?)?;
            body += &html::case("div", value, label, &drawn);
        }
        Ok(body)
    }

    /// The whole figure around its body.
    pub fn frame(&self, body: &str) -> String {
        let (name, words) = (escape(&self.name), &self.words);
        format!(
            "<figure class=\"fig\" id=\"figure-{name}\" aria-labelledby=\"figure-{name}-title\">\n\
             <figcaption id=\"figure-{name}-title\">{}</figcaption>\n\
             <p class=\"ask\"><b>Predict</b> {}</p>\n{body}\
             <p class=\"notice\">{}</p>\n\
             <p class=\"do\"><b>Do it yourself</b> <code>{}</code></p>\n</figure>",
            inline::html(&words.title),
            inline::html(&words.predict),
            inline::html(&words.notice),
            escape(&words.command),
        )
    }
}
