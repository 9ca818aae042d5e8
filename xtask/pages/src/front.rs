//! Front matter: TOML between two lines of `+++` at the very top of a page. What it
//! says is read by the book's tool; everything else only has to get past it.

use crate::fault::Fault;

const OPENING: &str = "+++\n";
const CLOSING: &str = "\n+++\n";

/// The front matter and the Markdown below it, of a page that has front matter.
///
/// # Errors
/// The second fence is missing.
pub fn cut(page: &str) -> Result<Option<(&str, &str)>, Fault> {
    let Some(rest) = page.strip_prefix(OPENING) else { return Ok(None) };
    match rest.split_once(CLOSING) {
        Some(parts) => Ok(Some(parts)),
        None => Err(Fault { line: 1, text: "the front matter begins with +++ and has no second +++ line".to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_cut_at_the_second_fence() {
        assert_eq!(cut("+++\nread = 3\n+++\n# T\n"), Ok(Some(("read = 3", "# T\n"))));
        assert_eq!(cut("# T\n+++\n"), Ok(None));
        assert!(cut("+++\nread = 3\n").is_err());
    }
}
