//! What is wrong with the book.

use std::fmt::Display;

/// A list of faults, each with its position.
#[derive(Default)]
pub struct Diagnostics(pub Vec<String>);

impl Diagnostics {
    pub fn add(&mut self, position: impl Display, fault: impl Display) {
        self.0.push(format!("{position}: {fault}"));
    }
}
