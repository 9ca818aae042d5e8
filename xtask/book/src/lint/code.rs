//! Every Rust block comes from a tree that is compiled, and is never typed in.
//!
//! mdBook fails on an include whose file is missing, but shows an empty block
//! for a name that is not there, so names are looked up here.

use std::fs;
use std::path::Path;

use super::diagnostics::Diagnostics;
use super::source::Source;
use crate::page::Code;
use crate::preprocess::starter;

/// Where compiled Rust stands, as seen from `book/`.
const TREES: &[&str] = &["../solutions/", "../exercises/"];

pub fn check(root: &Path, sources: &[Source], found: &mut Diagnostics) {
    for source in sources {
        for code in &source.page.code {
            let place = format!("{}:{}", source.place(), code.line);
            if code.info.is_empty() {
                found.add(&place, "a code block without a language; Rust could hide in it");
            } else if is_rust(code) {
                check_rust(root, code, &place, found);
            }
        }
    }
}

fn is_rust(code: &Code) -> bool {
    let language = code.info.split([',', ' ']).next().unwrap_or_default();
    matches!(language, "rust" | "rs")
}

fn check_rust(root: &Path, code: &Code, place: &str, found: &mut Diagnostics) {
    let lines = || code.text.lines().map(str::trim).filter(|line| !line.is_empty());
    if lines().count() == 0 {
        found.add(place, "an empty Rust block");
    }
    for line in lines().filter(|line| !starter::is_asked_for(line)) {
        match Source::include(line) {
            None => found.add(place, format_args!("typed Rust: '{line}'; include it from solutions/ or exercises/")),
            Some((path, name)) => check_include(root, path, name, place, found),
        }
    }
}

fn check_include(root: &Path, path: &str, name: &str, place: &str, found: &mut Diagnostics) {
    if !TREES.iter().any(|tree| path.starts_with(tree)) {
        return found.add(place, format_args!("'{path}' is in neither solutions/ nor exercises/"));
    }
    let Ok(text) = fs::read_to_string(root.join("book").join(path)) else {
        return found.add(place, format_args!("'{path}' cannot be read"));
    };
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic());
    if is_name && !text.lines().any(|line| line.trim() == format!("// ANCHOR: {name}")) {
        found.add(place, format_args!("'{path}' has no part '{name}'"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(markdown: &str) -> usize {
        let mut found = Diagnostics::default();
        check(Path::new("/nowhere"), &[Source::of("x.md", markdown)], &mut found);
        found.0.len()
    }

    #[test]
    fn typed_rust_is_a_fault() {
        assert_eq!(faults("```rust\nfn main() {}\n```\n"), 1);
        assert_eq!(faults("```\nfn main() {}\n```\n"), 1);
        assert_eq!(faults("```rust,ignore\n{{#include ../Cargo.toml}}\n```\n"), 1);
        assert_eq!(faults("```console\n$ ls\n```\n"), 0);
    }
}
