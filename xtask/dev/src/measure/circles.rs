//! Which files of a crate need each other: the imports, followed through re-exports to
//! the file that defines what is imported, and the knots in them.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Import, Source};

/// A crate's modules, and the files they stand in.
#[derive(Default)]
pub struct Graph {
    files: Vec<String>,
    /// The file of each module; inline modules stand in the file around them.
    modules: BTreeMap<Vec<String>, usize>,
    imports: BTreeMap<Vec<String>, Vec<Import>>,
    needs: Vec<BTreeSet<usize>>,
}

impl Graph {
    /// The graph of one root and all files below it, each with its module's path.
    pub fn of(sources: &[(String, Vec<String>, Source)]) -> Self {
        let mut graph = Self::default();
        for (number, (file, module, source)) in sources.iter().enumerate() {
            graph.files.push(file.clone());
            graph.modules.insert(module.clone(), number);
            for inline in &source.inline {
                graph.modules.insert(joined(module, inline), number);
            }
            for import in &source.imports {
                graph.imports.entry(joined(module, &import.module)).or_default().push(import.clone());
            }
        }
        graph.needs = sources.iter().enumerate().map(|(number, source)| graph.needed(number, source)).collect();
        graph
    }

    fn needed(&self, number: usize, (_, module, source): &(String, Vec<String>, Source)) -> BTreeSet<usize> {
        // A module that passes on what its children define does not use it.
        let passed_on = |import: &&Import| !(import.public && self.is_below(module, import));
        let imports = source.imports.iter().filter(passed_on).map(|import| (&import.module, &import.path));
        let references = source.references.iter().map(|reference| (&reference.module, &reference.path));
        let targets = imports.chain(references).filter_map(|(inner, path)| self.find(&joined(module, inner), path, 0));
        targets.filter(|target| *target != number).collect()
    }

    fn is_below(&self, module: &[String], import: &Import) -> bool {
        match import.path.first().map(String::as_str) {
            Some("self") => true,
            Some("crate" | "super") | None => false,
            Some(first) => self.modules.contains_key(&joined(module, &[first.to_owned()])),
        }
    }

    /// The file that defines what a path in `module` names; none for other crates.
    fn find(&self, module: &[String], path: &[String], depth: usize) -> Option<usize> {
        const DEEPEST: usize = 16;
        let (mut current, mut rest) = (module.to_vec(), path);
        match path.first()?.as_str() {
            "crate" => (current, rest) = (Vec::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {}
            first if self.modules.contains_key(&joined(module, &[first.to_owned()])) => {}
            // Something imported, whose import counts already; or another crate.
            _ => return None,
        }
        while let Some((first, after)) = rest.split_first() {
            let child = joined(&current, std::slice::from_ref(first));
            if first == "super" {
                current.pop();
            } else if self.modules.contains_key(&child) {
                current = child;
            } else {
                let import = self.imports.get(&current).into_iter().flatten().find(|import| import.name == *first);
                return match import {
                    Some(import) if depth < DEEPEST => {
                        self.find(&current, &import.path, depth + 1).or_else(|| self.modules.get(&current).copied())
                    }
                    _ => self.modules.get(&current).copied(),
                };
            }
            rest = after;
        }
        self.modules.get(&current).copied()
    }

    /// Every set of files that need each other, each set sorted.
    pub fn knots(&self) -> Vec<Vec<&str>> {
        let reach: Vec<BTreeSet<usize>> = (0..self.files.len()).map(|from| self.reachable(from)).collect();
        let mut knots: BTreeSet<Vec<usize>> = BTreeSet::new();
        for from in (0..self.files.len()).filter(|from| reach[*from].contains(from)) {
            knots.insert(reach[from].iter().copied().filter(|to| reach[*to].contains(&from)).collect());
        }
        knots.into_iter().map(|knot| knot.into_iter().map(|file| self.files[file].as_str()).collect()).collect()
    }

    fn reachable(&self, from: usize) -> BTreeSet<usize> {
        let (mut found, mut waiting) = (BTreeSet::new(), vec![from]);
        while let Some(file) = waiting.pop() {
            waiting.extend(self.needs[file].iter().filter(|needed| found.insert(**needed)));
        }
        found
    }
}

fn joined(module: &[String], inner: &[String]) -> Vec<String> {
    module.iter().chain(inner).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knots(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let sources: Vec<_> = files
            .iter()
            .map(|(module, text)| {
                let path = module.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
                ((*module).to_owned(), path, Source::read(text, &[]).expect("Rust"))
            })
            .collect();
        let graph = Graph::of(&sources);
        graph.knots().into_iter().map(|knot| knot.into_iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn files_that_import_each_other_are_a_knot() {
        let found = knots(&[("", "mod a; mod b;"), ("a", "use crate::b::B;"), ("b", "fn f() { crate::a::g(); }")]);
        assert_eq!(found, [["a", "b"]]);
    }

    #[test]
    fn a_re_export_is_followed_to_what_it_names() {
        let root = "mod a; mod b; pub use a::A; pub use b::B;";
        assert!(knots(&[("", root), ("a", "pub struct A;"), ("b", "use crate::A;")]).is_empty());
        assert_eq!(knots(&[("", root), ("a", "use crate::B;"), ("b", "use crate::A;")]), [["a", "b"]]);
    }

    #[test]
    fn a_child_that_needs_its_parent_and_is_needed_is_a_knot() {
        let parent = "mod child; pub struct P; fn f() { child::g(); }";
        assert_eq!(knots(&[("", parent), ("child", "use super::P;")]), [["", "child"]]);
        assert!(knots(&[("", parent), ("child", "#[cfg(test)] mod tests { use super::*; use crate::P; }")]).is_empty());
    }
}
