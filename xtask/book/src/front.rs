//! Front matter: what a page says about itself, in TOML between two `+++` lines at
//! its very top.

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;

/// The two ways through the book.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Path {
    /// About two hours, no Rust needed.
    Use,
    /// The chapters that write the runtime.
    Build,
    #[default]
    Both,
}

/// What a page says about itself. Times are in minutes.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct Front {
    /// The rest of sentences that begin "You will be able to".
    pub objectives: Vec<String>,
    pub read: u32,
    #[serde(rename = "do")]
    pub exercise: u32,
    pub teach: u32,
    /// Chapters that must come first, by their ids.
    pub needs: Vec<String>,
    pub path: Path,
    /// One sentence for search engines and previews.
    pub description: String,
    /// Words that readers search for and that the text does not use.
    pub keywords: Vec<String>,
}

/// Splits a page into its front matter, if it has any, and the Markdown below.
pub fn split(page: &str) -> Result<(Option<Front>, &str)> {
    let Some((front, body)) = cut(page)? else { return Ok((None, page)) };
    Ok((Some(toml::from_str(front).context("the front matter")?), body))
}

/// The page with its front matter blanked out, so that line numbers stay correct.
pub fn blanked(page: &str) -> Result<String> {
    let Some((_, body)) = cut(page)? else { return Ok(page.to_owned()) };
    let head = &page[..page.len() - body.len()];
    Ok("\n".repeat(head.matches('\n').count()) + body)
}

fn cut(page: &str) -> Result<Option<(&str, &str)>> {
    pages::cut(page).map_err(|fault| anyhow!(fault.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_is_split_off() {
        let page = "+++\nobjectives = [\"cook\"]\nread = 3\ndo = 5\npath = \"use\"\n+++\n# T\n";
        let (front, body) = split(page).expect("valid front matter");
        let front = front.expect("some front matter");
        assert_eq!((front.read, front.exercise, front.path, body), (3, 5, Path::Use, "# T\n"));
        assert_eq!(blanked(page).expect("valid"), "\n\n\n\n\n\n# T\n");
        assert_eq!(split("# T\n").expect("none is valid"), (None, "# T\n"));
    }

    #[test]
    fn an_unknown_key_and_a_missing_fence_are_faults() {
        assert!(split("+++\nreed = 3\n+++\n").is_err());
        assert!(split("+++\nread = 3\n").is_err());
    }
}
