//! Every chapter of the course table has its page, its line in SUMMARY.md, and
//! the code of each of its steps.

use std::path::Path;

use course::Chapter;

use super::{Faults, Source, code};

pub fn check(root: &Path, sources: &[Source], faults: &mut Faults) {
    let summary = sources.iter().find(|source| source.name == "SUMMARY.md").map_or("", |source| &source.text);
    for chapter in course::CHAPTERS {
        let name = chapter.page();
        if !summary.contains(&format!("({name})")) && !summary.contains(&format!("(./{name})")) {
            faults.add("book/SUMMARY.md", format_args!("no line for {name}"));
        }
        match sources.iter().find(|source| source.name == name) {
            None => faults.add(format_args!("book/{name}"), "the chapter has no page"),
            Some(source) => check_steps(root, chapter, source, faults),
        }
    }
}

fn check_steps(root: &Path, chapter: &Chapter, source: &Source, faults: &mut Faults) {
    let tree = format!("../solutions/{}/", chapter.directory());
    let shown: Vec<&str> = source
        .page
        .code
        .iter()
        .flat_map(|code| code.text.lines())
        .filter_map(|line| code::include(line.trim()))
        .filter(|(path, _)| path.starts_with(&tree))
        .map(|(_, part)| part)
        .collect();
    let missing: Vec<&str> =
        chapter.steps.iter().map(|step| step.function).filter(|function| !shown.contains(function)).collect();
    if !missing.is_empty() && root.join("solutions").join(chapter.directory()).is_dir() {
        faults.add(format_args!("book/{}", source.name), format_args!("steps without code: {}", missing.join(", ")));
    }
}
