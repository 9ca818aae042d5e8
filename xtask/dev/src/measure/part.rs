//! One crate of the workbook, measured: all of its files added up.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use xtask::error::{Error, Result};
use xtask::files;

use super::circles::Graph;
use super::source::Source;

/// What the table says of one crate.
#[derive(Default)]
pub struct Part {
    /// Its directory below the workbook's root.
    pub name: String,
    pub files: usize,
    pub lines: usize,
    pub code: usize,
    pub learner: usize,
    pub learner_lines: usize,
    pub public: usize,
    pub unsafe_blocks: usize,
    /// The files that need each other, knot by knot.
    pub knots: Vec<Vec<String>>,
    /// The file with the most lines.
    pub module: (usize, String),
    /// The function with the most lines, and its file.
    pub function: (usize, String),
}

impl Part {
    /// The crate in `directory`; `steps` are the functions that a learner writes.
    ///
    /// # Errors
    /// A file cannot be read, or is not Rust.
    pub fn measure(root: &Path, directory: &str, steps: &[&str]) -> Result<Self> {
        let mut part = Self { name: directory.to_owned(), ..Self::default() };
        let src = root.join(directory).join("src");
        let mut sources = BTreeMap::new();
        for path in rust_files(&src)? {
            let text = files::read(&path)?;
            let source = Source::read(&text, steps);
            let source = source.map_err(|error| Error::Failed(format!("{}: {error}", path.display())))?;
            let name = path.strip_prefix(&src).unwrap_or(&path).display().to_string();
            part.add(&name, &source);
            sources.insert(path, source);
        }
        let roots = [src.join("lib.rs"), src.join("main.rs")];
        for file in roots.iter().filter(|file| file.is_file()) {
            let mut tree = Vec::new();
            collect(&src, file, Vec::new(), &mut sources, &mut tree);
            let graph = Graph::of(&tree);
            part.knots.extend(graph.knots().into_iter().map(|knot| knot.into_iter().map(str::to_owned).collect()));
        }
        Ok(part)
    }

    fn add(&mut self, name: &str, source: &Source) {
        self.files += 1;
        self.lines += source.lines;
        self.code += source.code;
        self.learner += source.learner;
        self.learner_lines += source.learner_lines;
        self.public += source.public;
        self.unsafe_blocks += source.unsafe_blocks;
        self.module = self.module.clone().max((source.lines, name.to_owned()));
        self.function = self.function.clone().max((source.longest.0, format!("{name}: {}", source.longest.1)));
    }

    /// Of the code, how much the learner writes, in percent.
    pub fn share(&self) -> f64 {
        if self.code == 0 { 0.0 } else { 100.0 * self.learner as f64 / self.code as f64 }
    }

    /// Lines that a learner is given.
    pub fn given(&self) -> usize {
        self.lines - self.learner_lines
    }
}

/// Takes a module's file and those of its children out of `sources`, with their paths.
fn collect(
    src: &Path,
    file: &Path,
    module: Vec<String>,
    sources: &mut BTreeMap<PathBuf, Source>,
    tree: &mut Vec<(String, Vec<String>, Source)>,
) {
    let Some(source) = sources.remove(file) else { return };
    let children = source.files.clone();
    tree.push((file.strip_prefix(src).unwrap_or(file).display().to_string(), module.clone(), source));
    for child in children {
        let path: Vec<String> = module.iter().cloned().chain(child).collect();
        let base = path.iter().fold(src.to_owned(), |base, part| base.join(part));
        for file in [base.with_extension("rs"), base.join("mod.rs")] {
            collect(src, &file, path.clone(), sources, tree);
        }
    }
}

/// Every `*.rs` below a directory, sorted.
pub fn rust_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let files = files::list(directory)?.into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs"));
    Ok(files.map(|file| directory.join(file)).collect())
}
