//! `galley history`.

use images::spec;
use storage::Image;

use super::table;
use crate::cli::History;
use crate::error::Result;
use crate::home::{Home, local};

/// The longest instruction that is shown whole.
const WIDTH: usize = 60;

/// Shows an image's instructions, the newest first, each with its layer.
pub fn show(arguments: &History) -> Result<()> {
    let store = Home::find()?.store()?;
    let rows = rows(&local(&store, &arguments.image)?);
    if arguments.quiet {
        rows.iter().filter_map(|row| row.layer.as_ref()).for_each(|layer| println!("{}", layer.digest()));
        return Ok(());
    }
    let cells = rows.into_iter().map(|row| {
        // An instruction that only describes the image makes no layer.
        let size = row.layer.map_or_else(|| "empty layer".to_owned(), |layer| table::size(layer.size()));
        let text = if arguments.no_trunc { row.text } else { shortened(&row.text) };
        [row.created, text, size]
    });
    table::print(["CREATED", "CREATED BY", "SIZE"], &cells.collect::<Vec<_>>());
    Ok(())
}

struct Row {
    created: String,
    text: String,
    /// Of the compressed layer; none where only the description was changed.
    layer: Option<spec::Descriptor>,
}

/// History and layers side by side, the newest first: the entries that are not
/// marked as empty are the layers, in their order (image-spec, config.md).
fn rows(image: &Image) -> Vec<Row> {
    let mut layers = image.manifest.layers().iter().cloned();
    let mut rows = Vec::new();
    for entry in image.config.history().iter().flatten() {
        let layer = if entry.empty_layer() == Some(true) { None } else { layers.next() };
        let created = entry.created().as_deref().map_or("-", |time| time.get(..16).unwrap_or(time)).replace('T', " ");
        let text = entry.created_by().clone().or_else(|| entry.comment().clone()).unwrap_or_else(|| "-".to_owned());
        rows.push(Row { created, text, layer });
    }
    // Layers that nothing is said about come from tools that write no history.
    rows.extend(layers.map(|layer| Row { created: "-".into(), text: "-".into(), layer: Some(layer) }));
    rows.reverse();
    rows
}

/// One line, and no longer than a column should be.
fn shortened(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
