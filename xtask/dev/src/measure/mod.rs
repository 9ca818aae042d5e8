//! `cargo xtask measure`: the sizes of the workbook's crates in one table, and the limits
//! on them.
//!
//! [`source`] counts one file, [`part`] a crate, [`circles`] finds files that need each
//! other, [`limits`] says what is too much.

mod circles;
mod limits;
mod part;
mod source;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use course::CHAPTERS;

use xtask::error::{Error, Result};
use xtask::repo::Repo;

use crate::stage::{Stage, quiet};
use limits::House;
use part::{Part, rust_files};

/// Prints the table, and fails if a limit is exceeded.
pub fn run(repo: &Repo) -> Result<u8> {
    let (table, violations) = measure(repo.root())?;
    println!("{table}");
    if violations.is_empty() { Ok(0) } else { Err(Error::Failed(violations.join("\n"))) }
}

/// The stage of `cargo xtask test`.
pub fn sizes(repo: &Repo) -> Result<Stage> {
    let (_, violations) = measure(repo.root())?;
    if violations.is_empty() {
        return Ok(Stage::Passed("and no two files need each other".to_owned()));
    }
    Err(Error::Failed(format!("{}\n`cargo xtask measure` prints the table", violations.join("\n"))))
}

/// The table, and every limit that is exceeded.
fn measure(root: &Path) -> Result<(String, Vec<String>)> {
    let house = house(root)?;
    let mut table = String::from(
        "| crate | lines | code | learner's | share | given | files | pub | unsafe | circles | longest module | longest function |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |\n",
    );
    for (parts, together) in [
        (&house.chapters, "**chapters**"),
        (&house.support, "**support and galley**"),
        (&house.harness, "**harness, without its tests**"),
    ] {
        parts.iter().for_each(|part| row(&mut table, part));
        row(&mut table, &sum(parts, together));
    }
    let given: usize = house.chapters.iter().chain(&house.support).map(Part::given).sum();
    let _ = writeln!(table, "\nGiven code, in chapters, support crates and galley: {given} lines.");
    let _ = writeln!(table, "All Rust below xtask/, tests included: {} lines.", house.harness_lines);
    let _ = writeln!(table, "Crates that the first check compiles: {}.", crates_of_first_check(root)?);
    Ok((table, house.violations()))
}

fn house(root: &Path) -> Result<House> {
    let mut chapters = Vec::new();
    for chapter in CHAPTERS {
        let steps: Vec<&str> = chapter.steps.iter().map(|step| step.function).collect();
        chapters.push(Part::measure(root, &format!("solutions/{}", chapter.directory()), &steps)?);
    }
    let crates = |directory: &str| -> Result<Vec<Part>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(root.join(directory)).into_iter().flatten().flatten() {
            if entry.path().join("src").is_dir() {
                names.push(format!("{directory}/{}", entry.file_name().to_string_lossy()));
            }
        }
        names.sort();
        names.iter().map(|name| Part::measure(root, name, &[])).collect()
    };
    let mut support = crates("exercises/support")?;
    support.push(Part::measure(root, "exercises/galley", &[])?);
    let mut harness = vec![Part::measure(root, "xtask", &[])?];
    harness.extend(crates("xtask")?);
    let mut harness_lines = 0;
    for file in rust_files(&root.join("xtask"))? {
        let text = fs::read_to_string(&file).map_err(Error::file("read", &file))?;
        harness_lines += text.lines().count();
    }
    Ok(House { chapters, support, harness, harness_lines })
}

fn row(table: &mut String, part: &Part) {
    let learner =
        if part.learner == 0 { "| |".to_owned() } else { format!("{} | {:.1} % |", part.learner, part.share()) };
    let _ = writeln!(
        table,
        "| {} | {} | {} | {learner} {} | {} | {} | {} | {} | {} {} | {} {} |",
        part.name,
        part.lines,
        part.code,
        part.given(),
        part.files,
        part.public,
        part.unsafe_blocks,
        part.knots.len(),
        part.module.0,
        part.module.1,
        part.function.0,
        part.function.1,
    );
}

fn sum(parts: &[Part], name: &str) -> Part {
    let mut sum = Part { name: name.to_owned(), ..Part::default() };
    for part in parts {
        sum.files += part.files;
        sum.lines += part.lines;
        sum.code += part.code;
        sum.learner += part.learner;
        sum.learner_lines += part.learner_lines;
        sum.public += part.public;
        sum.unsafe_blocks += part.unsafe_blocks;
        sum.knots.extend(part.knots.iter().cloned());
        sum.module = sum.module.max((part.module.0, format!("{}/src/{}", part.name, part.module.1)));
        sum.function = sum.function.max((part.function.0, format!("{}/src/{}", part.name, part.function.1)));
    }
    sum
}

/// Crates in the graph of the harness, of chapter 1's checks and of the probe.
fn crates_of_first_check(root: &Path) -> Result<usize> {
    let mut crates = BTreeSet::new();
    for (package, edges) in [("xtask", "normal,build"), ("chroot", "normal,build,dev"), ("probe", "normal,build")] {
        let mut command = Command::new("cargo");
        command.args(["tree", "--quiet", "--prefix", "none", "--edges", edges, "--package", package]);
        let output = quiet(command.current_dir(root))?;
        let name = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
        crates.extend(String::from_utf8_lossy(&output.stdout).lines().filter(|line| !line.is_empty()).map(name));
    }
    Ok(crates.len())
}
