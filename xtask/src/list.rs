//! `cargo xtask list`: chapters, steps, and whose they are.

use course::CHAPTERS;

use crate::error::Result;
use crate::progress::{Progress, Status, is_starter};
use crate::progress_link;
use crate::repo::Repo;

/// Prints every chapter with its status and its steps.
pub fn run(repo: &Repo) -> Result<u8> {
    let progress = Progress::load(repo)?;
    for chapter in CHAPTERS {
        let words = match progress.status(repo, chapter)? {
            Some(Status::Passed) => "passed: galley runs yours",
            _ if is_starter(repo, chapter)? => "to do: galley borrows the reference",
            Some(Status::NotYet) => "begun: galley borrows the reference",
            None => "edited since it was last checked",
        };
        println!("{:<4} {:<36} {words}", chapter.id(), chapter.title);
        for (index, step) in chapter.steps.iter().enumerate() {
            println!("       step {}  {:<14} {}", index + 1, step.function, step.goal);
        }
    }
    if let Some(link) = progress_link::link(repo)? {
        println!("\nThe same in the book: {link}");
    }
    Ok(0)
}
