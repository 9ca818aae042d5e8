//! What a path resolves to: each layer from the top, until one has an answer.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::html::{self, escape};
use super::sheet::Sheet;
use crate::failure::{Failure, Result};

#[derive(Deserialize)]
struct Recording {
    /// What made each layer, from the top.
    layers: Vec<String>,
    paths: BTreeMap<String, Lookup>,
}

#[derive(Deserialize)]
struct Lookup {
    path: String,
    /// What each layer has of it, from the top.
    layers: Vec<Entry>,
    /// What a container printed that asked for it.
    resolves: String,
}

#[derive(Deserialize)]
struct Entry {
    is: Kind,
    /// A file's text, or the whiteout's name.
    text: String,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Nothing,
    File,
    Whiteout,
}

pub fn draw(sheet: &Sheet) -> Result<String> {
    let recording: Recording = sheet.data()?;
    let mut body = html::choice("The container opens", &html::radio("layers-path", sheet.options()));
    for (name, label) in sheet.options() {
        let lookup = sheet.recorded(&recording.paths, name)?;
        body += &html::case("div", name, label, &stack(sheet, name, &recording.layers, lookup)?);
    }
    Ok(sheet.around(&body))
}

fn stack(sheet: &Sheet, name: &str, layers: &[String], lookup: &Lookup) -> Result<String> {
    let answers = lookup.layers.iter().position(|entry| entry.is != Kind::Nothing);
    let answers = answers.filter(|_| lookup.layers.len() == layers.len());
    let answers = answers.ok_or_else(|| Failure::new(format!("figure 'layers': no layer answers for '{name}'")))?;
    let mut rows = String::new();
    for (at, (layer, entry)) in layers.iter().zip(&lookup.layers).enumerate() {
        let (class, looked) = match at.cmp(&answers) {
            std::cmp::Ordering::Less => ("own", "looks, and goes on"),
            std::cmp::Ordering::Equal => ("own new", "answers"),
            std::cmp::Ordering::Greater => ("old", "never asked"),
        };
        rows += &format!(
            "<li class=\"{class}\"><code>{}</code><span>{}</span><i>{looked}</i></li>\n",
            escape(layer),
            has(entry)
        );
    }
    Ok(format!(
        "<ol class=\"tree stack\" aria-label=\"Layers from the top\">\n{rows}</ol>\n\
         <p class=\"sees\"><code>cat {}</code>: <b>{}</b></p><p>{}</p>",
        escape(&lookup.path),
        escape(&lookup.resolves),
        sheet.caption(name)?
    ))
}

fn has(entry: &Entry) -> String {
    match entry.is {
        Kind::Nothing => "nothing".to_owned(),
        Kind::File => format!("the file: {}", escape(&entry.text)),
        Kind::Whiteout => format!("<b class=\"bad\">a whiteout</b>: {}", escape(&entry.text)),
    }
}
