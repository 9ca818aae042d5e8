//! Figures: `{{#figure NAME}}`, alone on a line, becomes the figure that
//! `book/figures/NAME/` describes.

mod cache;
mod conversation;
mod crates;
mod dials;
mod figure;
mod html;
mod layers;
mod pivot;
mod push;
mod svg;
mod timeline;
mod walls;

use std::path::Path;

use anyhow::{Result, bail, ensure};

use figure::Figure;

/// A figure as a block of its own. `book` is the directory of sources, `page` the text
/// of the page that the figure stands on.
pub fn place(book: &Path, name: &str, page: &str) -> Result<String> {
    let figure = Figure::open(book, name)?;
    let body = match name {
        "cache" => cache::draw(&figure)?,
        "conversation" => conversation::draw(&figure)?,
        "dials" => dials::draw(&figure)?,
        "layers" => layers::draw(&figure)?,
        "pivot" => pivot::draw(&figure)?,
        "push" => push::draw(&figure)?,
        "timeline" => timeline::draw(page)?,
        "walls" => walls::draw(&figure)?,
        _ => bail!("nothing draws figure '{name}'"),
    };
    block(name, &figure.frame(&body))
}

/// The picture of the crates, as a block of its own on the page `file`.
pub fn crates(book: &Path, file: &str) -> Result<String> {
    block("crates", &crates::draw(&book.join(".."), &format!("crates-{}", file.trim_end_matches(".md")))?)
}

/// The table of the support crates.
pub fn support(book: &Path) -> Result<String> {
    crates::table(&book.join(".."))
}

/// HTML as a block of Markdown. An empty line would end the block, and the rest would
/// be read as Markdown.
fn block(name: &str, html: &str) -> Result<String> {
    ensure!(html.lines().all(|line| !line.trim().is_empty()), "figure '{name}': an empty line in its HTML");
    Ok(format!("\n{}\n\n", html.trim_end()))
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
            let directory = self.book.join("figures").join(self.name);
            fs::write(directory.join("figure.toml"), self.words.to_string()).expect("written");
            fs::write(directory.join("data.json"), self.data.to_string()).expect("written");
            super::place(&self.book, self.name, "")
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
}
