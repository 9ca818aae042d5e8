//! What a path resolves to: each layer from the top, until one has an answer.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::figure::Figure;
use crate::inline::escape;

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
    /// What `cat` printed in a container.
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

pub fn draw(figure: &Figure) -> Result<String> {
    let Recording { layers, paths } = figure.data()?;
    figure.choose("The container opens", &paths, |name, _, lookup| stack(figure, name, &layers, lookup))
}

fn stack(figure: &Figure, name: &str, layers: &[String], lookup: &Lookup) -> Result<String> {
    let answers = lookup.layers.iter().position(|entry| entry.is != Kind::Nothing);
    let answers = answers.filter(|_| lookup.layers.len() == layers.len());
    let answers = answers.with_context(|| format!("figure 'layers': no layer answers for '{name}'"))?;
    let mut rows = String::new();
    for (at, (layer, entry)) in layers.iter().zip(&lookup.layers).enumerate() {
        let (class, result) = match at.cmp(&answers) {
            Ordering::Less => ("own", "looks, and goes on"),
            Ordering::Equal => ("own new", "answers"),
            Ordering::Greater => ("old", "never asked"),
        };
        rows += &format!(
            "<li class=\"{class}\"><code>{}</code><span>{}</span><i>{result}</i></li>\n",
            escape(layer),
            contents(entry)
        );
    }
    Ok(format!(
        "<ol class=\"tree stack\" aria-label=\"Layers from the top\">\n{rows}</ol>\n\
         <p class=\"sees\"><code>cat {}</code>: <b>{}</b></p><p>{}</p>",
        escape(&lookup.path),
        escape(&lookup.resolves),
        figure.caption(name)?
    ))
}

fn contents(entry: &Entry) -> String {
    match entry.is {
        Kind::Nothing => "nothing".to_owned(),
        Kind::File => format!("the file: {}", escape(&entry.text)),
        Kind::Whiteout => format!("<b class=\"bad\">a whiteout</b>: {}", escape(&entry.text)),
    }
}
