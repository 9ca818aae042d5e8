//! Every Rust block comes from a tree that is compiled, and is never typed in.
//!
//! mdBook fails on an include whose file is missing, but shows an empty block
//! for a name that is not there, so names are looked up here.

use std::fs;
use std::path::Path;

use super::{Faults, Source};
use crate::page::Code;
use crate::starter;

/// Where compiled Rust stands, as seen from `book/`.
const TREES: &[&str] = &["../solutions/", "../exercises/"];

pub fn check(root: &Path, sources: &[Source], faults: &mut Faults) {
    for source in sources {
        for code in &source.page.code {
            let place = format!("book/{}:{}", source.name, code.line);
            if code.info.is_empty() {
                faults.add(&place, "a code block without a language; Rust could hide in it");
            } else if is_rust(code) {
                check_rust(root, code, &place, faults);
            }
        }
    }
}

fn is_rust(code: &Code) -> bool {
    let language = code.info.split([',', ' ']).next().unwrap_or_default();
    matches!(language, "rust" | "rs")
}

fn check_rust(root: &Path, code: &Code, place: &str, faults: &mut Faults) {
    let lines = || code.text.lines().map(str::trim).filter(|line| !line.is_empty());
    if lines().count() == 0 {
        faults.add(place, "an empty Rust block");
    }
    for line in lines().filter(|line| starter::wanted(line).is_none()) {
        match include(line) {
            None => faults.add(place, format_args!("typed Rust: '{line}'; include it from solutions/ or exercises/")),
            Some((path, name)) => check_include(root, path, name, place, faults),
        }
    }
}

/// The path and the part named by `{{#include path:part}}`.
pub fn include(line: &str) -> Option<(&str, &str)> {
    let inner = line.strip_prefix("{{#include ")?.strip_suffix("}}")?.trim();
    Some(inner.split_once(':').unwrap_or((inner, "")))
}

fn check_include(root: &Path, path: &str, name: &str, place: &str, faults: &mut Faults) {
    if !TREES.iter().any(|tree| path.starts_with(tree)) {
        return faults.add(place, format_args!("'{path}' is in neither solutions/ nor exercises/"));
    }
    let Ok(text) = fs::read_to_string(root.join("book").join(path)) else {
        return faults.add(place, format_args!("'{path}' cannot be read"));
    };
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic());
    if is_name && !text.lines().any(|line| line.trim() == format!("// ANCHOR: {name}")) {
        faults.add(place, format_args!("'{path}' has no part '{name}'"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Page;

    fn faults(markdown: &str) -> Vec<String> {
        let source = Source { name: "x.md".into(), text: markdown.into(), page: Page::parse(markdown) };
        let mut faults = Faults::default();
        check(Path::new("/nowhere"), &[source], &mut faults);
        faults.0
    }

    #[test]
    fn typed_rust_is_a_fault() {
        assert_eq!(faults("```rust\nfn main() {}\n```\n").len(), 1);
        assert_eq!(faults("```\nfn main() {}\n```\n").len(), 1);
        assert_eq!(faults("```rust,ignore\n{{#include ../Cargo.toml}}\n```\n").len(), 1);
        assert!(faults("```console\n$ ls\n```\n").is_empty());
    }

    #[test]
    fn an_include_is_split_into_path_and_part() {
        assert_eq!(include("{{#include ../a.rs:part}}"), Some(("../a.rs", "part")));
        assert_eq!(include("{{#include ../a.rs}}"), Some(("../a.rs", "")));
        assert_eq!(include("fn main() {}"), None);
    }
}
