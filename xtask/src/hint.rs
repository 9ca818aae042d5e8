//! `cargo xtask hint ch3`: the next of a step's three hints, out of the chapter.

use std::fs;
use std::path::PathBuf;

use course::Chapter;
use pages::Page;

use crate::check::{self, Status, Trial};
use crate::error::{Error, Result};
use crate::sync::put;
use crate::tree::{Side, Tree};

/// Prints the next hint of `step`, or of the first step that does not pass.
pub fn run(tree: &Tree, chapter: &'static Chapter, step: Option<usize>) -> Result<u8> {
    let number = match step {
        Some(number) if (1..=chapter.steps.len()).contains(&number) => number,
        Some(number) => {
            return Err(Error::Usage(format!("{} has no step {number}; see `cargo xtask list`", chapter.id())));
        }
        None => match first_unpassed(tree, chapter)? {
            Some(number) => number,
            None => {
                println!(
                    "{} is passed; `cargo xtask diff {}` shows the reference beside yours",
                    chapter.id(),
                    chapter.id()
                );
                return Ok(0);
            }
        },
    };
    let path = tree.root().join("book").join(chapter.page());
    let page = fs::read_to_string(&path).map_err(Error::file("read", &path))?;
    let hints = hints(&Page::parse(&page), number);
    if hints.is_empty() {
        return Err(Error::Failed(format!("{} has no hints for step {number}", tree.short(&path).display())));
    }
    let mut given = Given::load(tree)?;
    let shown = given.next(chapter, number, hints.len());
    println!("{} step {number}: {}", chapter.id(), chapter.steps[number - 1].goal);
    println!("Hint {shown} of {}:\n\n{}", hints.len(), hints[shown - 1]);
    given.save(tree)?;
    Ok(0)
}

fn first_unpassed(tree: &Tree, chapter: &'static Chapter) -> Result<Option<usize>> {
    let graded = check::one(tree, chapter, Side::Mine, &Trial::default())?;
    Ok(match graded.steps {
        Ok(steps) => steps.iter().find(|step| step.status != Status::Passed).map(|step| step.number),
        Err(_) => Some(1),
    })
}

/// The hints of a step, without their titles.
fn hints(page: &Page, step: usize) -> Vec<String> {
    page.step(step).map_or_else(Vec::new, |section| section.hints().map(|hint| hint.text.clone()).collect())
}

/// How many hints were given, kept in `.galley/hints` as `chapter step count`.
struct Given {
    lines: Vec<(String, usize, usize)>,
}

fn file(tree: &Tree) -> PathBuf {
    tree.root().join(".galley/hints")
}

impl Given {
    fn load(tree: &Tree) -> Result<Self> {
        // No file means that no hint was asked for yet.
        let text = fs::read_to_string(file(tree)).unwrap_or_default();
        let lines = text.lines().filter_map(|line| {
            let mut words = line.split(' ');
            Some((words.next()?.to_owned(), words.next()?.parse().ok()?, words.next()?.parse().ok()?))
        });
        Ok(Self { lines: lines.collect() })
    }

    /// The number of the hint to show now; the last one is shown again and again.
    fn next(&mut self, chapter: &Chapter, step: usize, most: usize) -> usize {
        let id = chapter.id();
        if let Some((_, _, count)) = self.lines.iter_mut().find(|(name, number, _)| *name == id && *number == step) {
            *count = (*count + 1).min(most);
            return *count;
        }
        self.lines.push((id, step, 1));
        1
    }

    fn save(&self, tree: &Tree) -> Result<()> {
        let text: String = self.lines.iter().map(|(id, step, count)| format!("{id} {step} {count}\n")).collect();
        put(&file(tree), &text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_those_of_the_steps_own_section() {
        let page = "## Step 1: one\n<details><summary>Hint 1</summary>\n\nalpha\n\n</details>\n## Step 2: two\n<details><summary>Hint 1</summary>\nbeta\n</details>\n<details><summary>The solution</summary>\nno\n</details>\n<details><summary>Hint 2</summary>\ngamma\n</details>\n";
        let page = Page::parse(page);
        assert_eq!(hints(&page, 1), ["alpha"]);
        assert_eq!(hints(&page, 2), ["beta", "gamma"]);
        assert!(hints(&page, 3).is_empty());
    }
}
