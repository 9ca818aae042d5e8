//! `cargo xtask hint ch3`: the next of a step's three hints, out of the chapter.

use std::path::PathBuf;

use course::Chapter;
use pages::Page;

use crate::check::grade::Options;
use crate::check::judge::judge_and_remember;
use crate::check::status::StepStatus;
use crate::error::{Error, Result};
use crate::files;
use crate::repo::{Repo, Tree};

/// Prints the next hint of `step`, or of the first step that does not pass.
pub fn run(repo: &Repo, chapter: &'static Chapter, step: Option<usize>) -> Result<u8> {
    let number = match step {
        Some(number) if (1..=chapter.steps.len()).contains(&number) => number,
        Some(number) => {
            return Err(Error::Usage(format!("{} has no step {number}; see `cargo xtask list`", chapter.id())));
        }
        None => match first_unpassed(repo, chapter)? {
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
    let path = repo.root().join("book").join(chapter.page());
    let page = files::read(&path)?;
    let hints = hints(&Page::parse(&page), number);
    if hints.is_empty() {
        return Err(Error::Failed(format!("{} has no hints for step {number}", repo.short(&path).display())));
    }
    let mut shown = Shown::load(repo)?;
    let number_shown = shown.next(chapter, number, hints.len());
    println!("{} step {number}: {}", chapter.id(), chapter.steps[number - 1].goal);
    println!("Hint {number_shown} of {}:\n\n{}", hints.len(), hints[number_shown - 1]);
    shown.save(repo)?;
    Ok(0)
}

fn first_unpassed(repo: &Repo, chapter: &'static Chapter) -> Result<Option<usize>> {
    let graded = judge_and_remember(repo, chapter, Tree::Exercises, &Options::default())?;
    Ok(match graded.steps {
        Ok(steps) => steps.iter().find(|step| step.status != StepStatus::Passed).map(|step| step.number),
        Err(_) => Some(1),
    })
}

/// The hints of a step, without their titles.
fn hints(page: &Page, step: usize) -> Vec<String> {
    page.step(step).map_or_else(Vec::new, |section| section.hints().map(|hint| hint.text.clone()).collect())
}

/// How many hints were shown, kept in `.galley/hints` as `chapter step count`.
struct Shown {
    lines: Vec<(String, usize, usize)>,
}

fn file(repo: &Repo) -> PathBuf {
    repo.root().join(".galley/hints")
}

impl Shown {
    fn load(repo: &Repo) -> Result<Self> {
        let text = files::read_if_present(&file(repo))?;
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

    fn save(&self, repo: &Repo) -> Result<()> {
        let text: String = self.lines.iter().map(|(id, step, count)| format!("{id} {step} {count}\n")).collect();
        files::write(&file(repo), &text)
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
