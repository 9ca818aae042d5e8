//! Every word of the glossary is linked from a page that uses it.

use super::diagnostics::Diagnostics;
use super::source::Source;

const PAGE: &str = "glossary.md";

pub fn check(sources: &[Source], found: &mut Diagnostics) {
    let Some(glossary) = sources.iter().find(|source| source.name == PAGE) else {
        return found.add("book", format_args!("there is no {PAGE}"));
    };
    for term in terms(&glossary.text) {
        let link = format!("({PAGE}#{})", anchor(term));
        if !sources.iter().any(|source| source.text.contains(&link)) {
            found.add(format_args!("book/{PAGE}"), format_args!("no page links to '{term}' where it is used first"));
        }
    }
}

/// What is defined: in a definition list the definition stands below, after a colon.
fn terms(text: &str) -> impl Iterator<Item = &str> {
    text.lines().zip(text.lines().skip(1)).filter(|(_, below)| below.starts_with(": ")).map(|(term, _)| term)
}

/// The fragment that mdBook gives a term.
fn anchor(term: &str) -> String {
    term.to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_what_is_defined() {
        let text = "# Glossary\n\nPID 1\n: The first.\n  More.\n\nBlob\n: Bytes.\n";
        assert_eq!(terms(text).map(anchor).collect::<Vec<_>>(), ["pid-1", "blob"]);
    }
}
