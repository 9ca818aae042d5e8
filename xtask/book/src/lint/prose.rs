//! Plain English, measured: sentence length, reading grade, and a few words and
//! signs that do not belong.

use super::{Faults, Source};
use crate::page::Block;

/// The budgets of the book. Mini-lsm's book, the plainest studied, has 13.3
/// words a sentence and a grade of 8.2.
const MEAN_WORDS: f64 = 16.0;
const LONG_SHARE: f64 = 3.0;
const GRADE: f64 = 9.0;
/// More words than this make a sentence long.
const LONG: usize = 30;
/// Up to this many words without a full stop are a fragment.
const FRAGMENT: usize = 12;
/// A page with less prose says nothing in the measure.
const FEW_WORDS: usize = 50;

/// British spellings, as the beginning or the whole of a word. The book is
/// written in American English.
const BRITISH: &[&str] = &[
    "colour",
    "behaviour",
    "favour",
    "honour",
    "neighbour",
    "labour",
    "flavour",
    "centre",
    "metre",
    "fibre",
    "organis",
    "recognis",
    "normalis",
    "initialis",
    "realis",
    "optimis",
    "serialis",
    "summaris",
    "minimis",
    "maximis",
    "customis",
    "containeris",
    "virtualis",
    "authoris",
    "licence",
    "defence",
    "offence",
    "grey",
    "whilst",
    "learnt",
    "cancelled",
    "labelled",
    "modelled",
    "travelled",
    "signalled",
    "artefact",
    "programme ",
    "analyse",
    "catalogue",
    "towards",
    "afterwards",
];

/// What was counted on one page.
struct Measure {
    words: usize,
    sentences: usize,
    long: usize,
    syllables: usize,
}

impl Measure {
    fn of(blocks: &[Block]) -> Self {
        let mut measure = Self { words: 0, sentences: 0, long: 0, syllables: 0 };
        for block in blocks.iter().filter(|block| is_running_text(&block.text)) {
            for sentence in sentences(&block.text) {
                let words: Vec<&str> = words(sentence).collect();
                if words.is_empty() {
                    continue;
                }
                measure.sentences += 1;
                measure.words += words.len();
                measure.long += usize::from(words.len() > LONG);
                measure.syllables += words.iter().map(|word| syllables(word)).sum::<usize>();
            }
        }
        measure
    }

    fn mean(&self) -> f64 {
        ratio(self.words, self.sentences)
    }

    fn long_share(&self) -> f64 {
        100.0 * ratio(self.long, self.sentences)
    }

    /// The Flesch-Kincaid grade level.
    fn grade(&self) -> f64 {
        0.39 * self.mean() + 11.8 * ratio(self.syllables, self.words) - 15.59
    }
}

/// Short list items without a full stop are no sentences, and would flatter the
/// mean.
fn is_running_text(text: &str) -> bool {
    text.trim_end().ends_with(['.', '?', '!', ':', ')', '"']) || words(text).count() > FRAGMENT
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Prints a line for each page, and notes every budget that is broken.
pub fn check(sources: &[Source], faults: &mut Faults) {
    println!("{:<32} {:>6} {:>6} {:>6} {:>6}", "page", "words", "mean", "long%", "grade");
    for source in sources.iter().filter(|source| source.name != "SUMMARY.md") {
        let measure = Measure::of(&source.page.prose);
        println!(
            "{:<32} {:>6} {:>6.1} {:>6.1} {:>6.1}",
            source.name,
            measure.words,
            measure.mean(),
            measure.long_share(),
            measure.grade()
        );
        if measure.words >= FEW_WORDS {
            budgets(source, &measure, faults);
        }
        for block in source.page.prose.iter().chain(&source.page.labels) {
            wording(source, block, faults);
        }
    }
}

fn budgets(source: &Source, measure: &Measure, faults: &mut Faults) {
    let place = format!("book/{}", source.name);
    let over = [
        ("words a sentence", measure.mean(), MEAN_WORDS),
        ("% of sentences over 30 words", measure.long_share(), LONG_SHARE),
        ("Flesch-Kincaid grade", measure.grade(), GRADE),
    ];
    let mut broken = false;
    for (what, value, budget) in over {
        if value > budget {
            broken = true;
            faults.add(&place, format_args!("{value:.1} {what}; at most {budget}"));
        }
    }
    if broken && let Some((line, sentence)) = longest(&source.page.prose) {
        faults.add(format_args!("{place}:{line}"), format_args!("the longest sentence: {sentence}"));
    }
}

fn longest(blocks: &[Block]) -> Option<(usize, &str)> {
    blocks
        .iter()
        .flat_map(|block| sentences(&block.text).map(move |sentence| (block.line, sentence)))
        .max_by_key(|(_, sentence)| words(sentence).count())
}

fn wording(source: &Source, block: &Block, faults: &mut Faults) {
    let place = format!("book/{}:{}", source.name, block.line);
    if block.text.contains('!') {
        faults.add(&place, "an exclamation mark");
    }
    let lower = format!("{} ", block.text.to_lowercase());
    for word in lower.split_inclusive(|character: char| !character.is_alphabetic()) {
        if BRITISH.iter().any(|british| word.starts_with(british)) {
            faults.add(&place, format_args!("'{}' is British spelling", word.trim()));
        }
    }
}

/// Splits at a full stop, question mark or exclamation mark that ends a word
/// and is followed by what can begin a sentence.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = sentence_end(rest);
        let (sentence, after) = rest.split_at(end);
        rest = after.trim_start();
        Some(sentence)
    })
}

fn sentence_end(text: &str) -> usize {
    for (at, character) in text.char_indices() {
        let after = &text[at + character.len_utf8()..];
        let closes = matches!(character, '.' | '?' | '!');
        let inside = after.trim_start_matches(['"', '\u{201d}', ')', '*', '_']);
        let next = inside.trim_start().chars().next();
        let begins = next.is_none_or(|next| !next.is_lowercase());
        if closes && inside.starts_with(char::is_whitespace) && begins && !ends_in_abbreviation(&text[..at]) {
            return at + character.len_utf8() + (after.len() - inside.len());
        }
    }
    text.len()
}

fn ends_in_abbreviation(text: &str) -> bool {
    ["e.g", "i.e", "etc", "vs", "Dr", "Mr", "Ms", "cf"]
        .iter()
        .any(|short| text.ends_with(short) && !text[..text.len() - short.len()].ends_with(char::is_alphanumeric))
}

fn words(sentence: &str) -> impl Iterator<Item = &str> {
    sentence.split_whitespace().filter(|word| word.contains(char::is_alphanumeric))
}

/// Groups of vowels, less a silent `e` at the end. A rule of thumb, as in every
/// program that computes this grade.
fn syllables(word: &str) -> usize {
    let letters: String = word.chars().filter(|letter| letter.is_alphabetic()).collect::<String>().to_lowercase();
    let vowel = |letter: char| "aeiouy".contains(letter);
    let mut groups = 0;
    let mut before = false;
    for letter in letters.chars() {
        groups += usize::from(vowel(letter) && !before);
        before = vowel(letter);
    }
    let silent = letters.ends_with('e') && !letters.ends_with("le")
        || letters.ends_with("ed") && !letters.ends_with("ted") && !letters.ends_with("ded");
    if silent && groups > 1 {
        groups -= 1;
    }
    groups.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Page;

    #[test]
    fn sentences_are_told_apart() {
        let found: Vec<&str> = sentences("It is 3.5 long. See e.g. this. \"Is it?\" Yes.").collect();
        assert_eq!(found, ["It is 3.5 long.", "See e.g. this.", "\"Is it?\"", "Yes."]);
    }

    #[test]
    fn syllables_of_known_words() {
        for (word, count) in
            [("a", 1), ("kernel", 2), ("process", 2), ("make", 1), ("table", 2), ("mounted", 2), ("container", 3)]
        {
            assert_eq!(syllables(word), count, "{word}");
        }
    }

    #[test]
    fn fragments_do_not_flatter_the_mean() {
        let page = Page::parse("This sentence has five words.\n\n- one\n- two words\n");
        assert_eq!(Measure::of(&page.prose).sentences, 1);
    }

    #[test]
    fn a_page_over_budget_is_a_fault() {
        let text = format!("{}.\n", ["incomprehensible"; 60].join(" "));
        let source = Source { name: "x.md".into(), page: Page::parse(&text), text };
        let mut faults = Faults::default();
        check(&[source], &mut faults);
        // Mean, share, grade, and the longest sentence as a help.
        assert_eq!(faults.0.len(), 4);
    }

    #[test]
    fn signs_and_spellings_are_faults() {
        let text = "Wow! The colour of gray. `!` and `colour` are code.\n".to_owned();
        let source = Source { name: "x.md".into(), page: Page::parse(&text), text };
        let mut faults = Faults::default();
        check(&[source], &mut faults);
        assert_eq!(faults.0.len(), 2);
    }
}
