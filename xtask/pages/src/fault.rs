//! What is wrong with a page.

/// Something on the page that cannot be what was meant.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    pub line: usize,
    pub text: String,
}
