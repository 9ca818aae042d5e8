//! What is wrong with a page.

/// A mistake on the page.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    pub line: usize,
    pub text: String,
}
