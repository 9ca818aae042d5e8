//! `cargo xtask list`: chapters, steps, and whose they are.

use course::CHAPTERS;

use crate::error::Result;
use crate::handover;
use crate::progress::{Progress, Standing, is_starter};
use crate::tree::Tree;

/// Prints every chapter with how it stands, and its steps.
pub fn run(tree: &Tree) -> Result<u8> {
    let progress = Progress::load(tree)?;
    for chapter in CHAPTERS {
        let words = match progress.standing(tree, chapter)? {
            Some(Standing::Passed) => "passed: galley runs yours",
            _ if is_starter(tree, chapter)? => "to do: galley borrows the reference",
            Some(Standing::NotYet) => "begun: galley borrows the reference",
            None => "edited since it was last checked",
        };
        println!("{:<4} {:<36} {words}", chapter.id(), chapter.title);
        for (index, step) in chapter.steps.iter().enumerate() {
            println!("       step {}  {:<14} {}", index + 1, step.function, step.goal);
        }
    }
    if let Some(link) = handover::link(tree)? {
        println!("\nThe same in the book: {link}");
    }
    Ok(0)
}
