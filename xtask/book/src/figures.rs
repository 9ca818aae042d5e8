//! Figures: `{{#figure NAME}}`, alone on a line, becomes the figure that
//! `book/figures/NAME/` describes.

mod cache;
mod conversation;
mod dials;
mod html;
mod layers;
mod pivot;
mod push;
mod sheet;
mod svg;
mod timeline;
mod walls;

use std::path::Path;

use crate::failure::{Failure, Result};
use sheet::Sheet;

/// Puts every figure of a page in its place. `book` is the directory of sources.
pub fn expand(book: &Path, markdown: &str) -> Result<String> {
    let mut fence: Option<&str> = None;
    let mut page = String::with_capacity(markdown.len());
    for line in markdown.split_inclusive('\n') {
        let text = line.trim();
        match fence {
            Some(mark) if text.starts_with(mark) => fence = None,
            None => fence = ["```", "~~~"].into_iter().find(|mark| text.starts_with(mark)),
            Some(_) => {}
        }
        match name(text) {
            Some(name) if fence.is_none() => page += &placed(book, name, markdown)?,
            _ => page += line,
        }
    }
    Ok(page)
}

/// The figure that a line asks for.
pub fn name(line: &str) -> Option<&str> {
    line.strip_prefix("{{#figure ")?.strip_suffix("}}").map(str::trim)
}

/// A figure as a block of its own. An empty line would end the block, and the
/// rest would be read as Markdown.
fn placed(book: &Path, name: &str, page: &str) -> Result<String> {
    let html = html(book, name, page)?;
    if html.lines().any(|line| line.trim().is_empty()) {
        return Err(Failure::new(format!("figure '{name}': an empty line in its HTML")));
    }
    Ok(format!("\n{}\n\n", html.trim_end()))
}

/// The figure's static HTML: every frame is in it, and script only chooses which
/// one is shown. `page` is the page that it stands on.
fn html(book: &Path, name: &str, page: &str) -> Result<String> {
    let directory = book.join("figures").join(name);
    if !directory.is_dir() {
        return Err(Failure::new(format!("no figure '{name}': {} is missing", directory.display())));
    }
    let sheet = Sheet::open(book, name)?;
    match name {
        "cache" => cache::draw(&sheet),
        "conversation" => conversation::draw(&sheet),
        "dials" => dials::draw(&sheet),
        "layers" => layers::draw(&sheet),
        "pivot" => pivot::draw(&sheet),
        "push" => push::draw(&sheet),
        "timeline" => timeline::draw(&sheet, page),
        "walls" => walls::draw(&sheet),
        _ => Err(Failure::new(format!("nothing draws figure '{name}'"))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    /// A copy of the sources of one figure, to be spoiled by a test.
    struct Copy {
        book: PathBuf,
        name: &'static str,
        words: toml::Table,
        data: serde_json::Value,
    }

    impl Copy {
        fn of(name: &'static str, test: &str) -> Self {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/figures").join(name);
            let book = std::env::temp_dir().join(format!("galley-figures-{}-{test}-{name}", std::process::id()));
            fs::create_dir_all(book.join("figures").join(name)).expect("a directory");
            let read = |file: &str| fs::read_to_string(from.join(file)).expect("a figure's file");
            let words = toml::from_str(&read("figure.toml")).expect("the words");
            Self { book, name, words, data: serde_json::from_str(&read("data.json")).expect("the recording") }
        }

        fn draw(&self) -> Result<String> {
            let place = self.book.join("figures").join(self.name);
            fs::write(place.join("figure.toml"), self.words.to_string()).expect("written");
            fs::write(place.join("data.json"), self.data.to_string()).expect("written");
            placed(&self.book, self.name, "")
        }
    }

    impl Drop for Copy {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.book);
        }
    }

    /// Removes a key wherever it is.
    fn without(value: &mut serde_json::Value, key: &str) {
        match value {
            serde_json::Value::Object(map) => {
                map.remove(key);
                map.values_mut().for_each(|value| without(value, key));
            }
            serde_json::Value::Array(list) => list.iter_mut().for_each(|value| without(value, key)),
            _ => {}
        }
    }

    /// The values of the options that a figure offers.
    fn options(words: &toml::Table) -> Vec<String> {
        let options = words["options"].as_array().expect("options");
        options.iter().map(|option| option[0].as_str().expect("a value").to_owned()).collect()
    }

    const CHOICES: [&str; 6] = ["cache", "conversation", "dials", "layers", "pivot", "push"];

    #[test]
    fn a_case_that_was_not_recorded_fails_by_name() {
        for name in CHOICES {
            let mut copy = Copy::of(name, "case");
            assert!(copy.draw().is_ok(), "{name} as it is");
            let whole = copy.data.clone();
            for option in options(&copy.words) {
                without(&mut copy.data, &option);
                let fault = copy.draw().expect_err(&option).to_string();
                assert_eq!(fault, format!("figure '{name}': '{option}' was not recorded"));
                copy.data = whole.clone();
            }
        }
    }

    #[test]
    fn a_fact_that_was_not_recorded_fails_by_name() {
        let mut copy = Copy::of("walls", "fact");
        without(&mut copy.data, "queues");
        assert!(copy.draw().expect_err("no fact").to_string().contains("'queues'"));
    }

    #[test]
    fn every_caption_is_needed_and_a_lost_one_fails_by_name() {
        for name in ["conversation", "dials", "layers", "push"] {
            let mut copy = Copy::of(name, "caption");
            let captions = copy.words["captions"].as_table().expect("captions").clone();
            for caption in captions.keys() {
                copy.words["captions"].as_table_mut().expect("captions").remove(caption);
                let fault = copy.draw().expect_err(caption).to_string();
                assert_eq!(fault, format!("figure '{name}' has no caption '{caption}'"));
                copy.words["captions"] = captions.clone().into();
            }
        }
    }

    #[test]
    fn every_choice_begins_with_a_question_and_ends_with_a_command() {
        for name in CHOICES.into_iter().chain(["walls"]) {
            let html = Copy::of(name, "parts").draw().expect("a figure");
            let (ask, act) = (html.find("<b>Predict</b> "), html.find("<b>Do it yourself</b> <code>"));
            assert!(ask < act && ask.is_some(), "{name}");
            assert!(!html.contains("<b>Predict</b> </p>") && !html.contains("</b> <code></code>"), "{name}");
        }
    }

    #[test]
    fn a_figure_is_asked_for_alone_on_a_line_outside_code() {
        assert_eq!(name("{{#figure walls}}"), Some("walls"));
        assert_eq!(name("see {{#figure walls}}"), None);
        let page = "a\n```text\n{{#figure walls}}\n```\nb\n";
        assert_eq!(expand(Path::new("/nowhere"), page).expect("code is left alone"), page);
        assert!(expand(Path::new("/nowhere"), "{{#figure walls}}\n").is_err());
    }
}
