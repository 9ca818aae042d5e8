//! Every link of a built page to another page, part or file of the book leads
//! somewhere.
//!
//! The built pages are read, not the sources: only there is every `id` as a
//! browser will see it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::diagnostics::Diagnostics;
use crate::files;

struct Html {
    ids: HashSet<String>,
    links: Vec<String>,
}

/// Returns how many local links were followed.
pub fn check(pages: &Path, found: &mut Diagnostics) -> Result<usize> {
    let mut documents = HashMap::new();
    let mut known = HashSet::new();
    for path in files::walk(pages)? {
        if path.extension().is_some_and(|extension| extension == "html") {
            documents.insert(path.clone(), read(&files::read(&path)?));
        }
        known.insert(path);
    }
    let mut followed = 0;
    for (path, document) in &documents {
        let place = path.strip_prefix(pages).unwrap_or(path).display();
        for link in document.links.iter().filter(|link| is_local(link)) {
            followed += 1;
            if let Some(fault) = follow(pages, path, link, &documents, &known) {
                found.add(format_args!("page {place}"), fault);
            }
        }
    }
    Ok(followed)
}

fn is_local(link: &str) -> bool {
    !["http://", "https://", "mailto:", "data:", "//"].iter().any(|prefix| link.starts_with(prefix))
}

fn follow(
    pages: &Path,
    from: &Path,
    link: &str,
    documents: &HashMap<PathBuf, Html>,
    known: &HashSet<PathBuf>,
) -> Option<String> {
    let (target, fragment) = link.split_once('#').unwrap_or((link, ""));
    let target = target.split('?').next().unwrap_or_default();
    let path = match target {
        "" => from.to_owned(),
        // Only the page for a missing page links from the site's root.
        absolute if absolute.starts_with('/') => pages.join(absolute.trim_start_matches('/')),
        relative => normalize(&from.parent().unwrap_or(pages).join(relative)),
    };
    let path = if path.is_dir() { path.join("index.html") } else { path };
    if !known.contains(&path) {
        return Some(format!("'{link}' leads to no file"));
    }
    if fragment.is_empty() || documents.get(&path).is_none_or(|document| document.ids.contains(fragment)) {
        return None;
    }
    Some(format!("'{link}' names a part that is not there"))
}

/// `a/c` for `a/b/../c`, by the text alone.
fn normalize(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                out.pop();
            }
            std::path::Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

/// The `id`, `href` and `src` of every tag outside scripts, styles and comments.
fn read(html: &str) -> Html {
    let mut document = Html { ids: HashSet::new(), links: Vec::new() };
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start..];
        if let Some(after) = rest.strip_prefix("<!--") {
            rest = after.find("-->").map_or("", |end| &after[end..]);
            continue;
        }
        let end = tag_end(rest);
        let tag = &rest[..end];
        collect(tag, &mut document);
        rest = &rest[end..];
        for raw in ["script", "style"] {
            if tag[1..].starts_with(raw) {
                rest = rest.find(&format!("</{raw}")).map_or("", |close| &rest[close..]);
            }
        }
    }
    document
}

/// Where the tag that `text` begins with ends; a `>` in quotes does not end it.
fn tag_end(text: &str) -> usize {
    let mut quote = None;
    for (at, character) in text.char_indices().skip(1) {
        match (quote, character) {
            (None, '>') => return at + 1,
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
    }
    text.len()
}

fn collect(tag: &str, document: &mut Html) {
    if let Some(id) = attribute(tag, "id") {
        document.ids.insert(id);
    }
    // A base says where links start; it is not a link itself.
    if !tag.starts_with("<base") {
        document.links.extend(["href", "src"].iter().filter_map(|name| attribute(tag, name)));
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let value = &tag[start..];
    let value = &value[..value.find('"')?];
    Some(value.replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn tags_are_read_and_scripts_are_not() {
        let html = read(
            r#"<a id="x" href="a.html#b">t</a><script>'<a href="no">'</script><!-- <a href="no"> --><img alt="a > b" src="i.svg">"#,
        );
        assert_eq!(html.links, ["a.html#b", "i.svg"]);
        assert!(html.ids.contains("x"));
    }

    #[test]
    fn a_dead_link_and_a_dead_part_are_faults() {
        let directory = std::env::temp_dir().join(format!("book-tool-links-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("a scratch directory");
        fs::write(
            directory.join("a.html"),
            r##"<h1 id="h"></h1><a href="#h"></a><a href="b.html#no"></a><a href="c.html"></a>"##,
        )
        .expect("a page");
        fs::write(directory.join("b.html"), "<p></p>").expect("a page");
        let mut found = Diagnostics::default();
        let followed = check(&directory, &mut found);
        fs::remove_dir_all(&directory).expect("the scratch directory again");
        assert_eq!((followed.expect("readable pages"), found.0.len()), (3, 2));
    }
}
