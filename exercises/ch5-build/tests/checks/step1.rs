//! Variables are filled in as the shell does it.

use std::process::Command;

use crate::{refusal, succeed, text};

/// What the shell makes of a word. With IFS empty nothing is split, with -f no
/// name is matched against files: what is left are variables and quotes.
fn shell(word: &str, variables: &[(&str, &str)]) -> String {
    let script = format!("set -f; IFS=; printf '%s\n' {word}");
    let output = Command::new("sh").args(["-c", &script]).env_clear().envs(variables.iter().copied()).output().unwrap();
    assert!(output.status.success(), "the shell does not understand {word}");
    text(&output)
}

fn galley(word: &str, variables: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut arguments = vec!["expand", word];
    arguments.extend(pairs.iter().map(String::as_str));
    succeed(&arguments)
}

fn agrees_with_the_shell(words: &[&str]) {
    let nonce = checks::nonce();
    let variables = [("SET", nonce.as_str()), ("EMPTY", ""), ("OTHER", "two words"), ("LITERAL", "$SET \"q\" \\")];
    for word in words {
        assert_eq!(galley(word, &variables), shell(word, &variables), "galley, and then the shell, made of {word}");
    }
}

#[test]
fn names_end_where_the_shell_ends_them() {
    agrees_with_the_shell(&[
        "$SET",
        "${SET}",
        "a$SET-b",
        "${SET}x",
        "x$SETx",
        "$SET$OTHER",
        "/opt/${SET}/$OTHER",
        "$UNSET.",
    ]);
}

#[test]
fn a_default_stands_in_for_unset_and_empty() {
    agrees_with_the_shell(&[
        "${SET:-no}",
        "${UNSET:-word}",
        "${EMPTY:-word}",
        "${UNSET:-}",
        "${UNSET:-${EMPTY:-$SET}}x",
    ]);
}

#[test]
fn an_alternative_stands_in_for_set_and_not_empty() {
    agrees_with_the_shell(
        &["${SET:+word}", "${UNSET:+word}", "${EMPTY:+word}", "${SET:+<${OTHER}>}"]
            .map(|word| if word.contains('<') { "\"${SET:+<${OTHER}>}\"" } else { word }),
    );
}

#[test]
fn quotes_and_backslashes_are_taken_away() {
    agrees_with_the_shell(&[
        "'$SET'",
        "\"$SET\"",
        "\"a'$SET'b\"",
        "a\"b  c\"d",
        "a\\ b",
        "\\$SET",
        "\"\\$SET\"",
        "\"\\a\"",
        "'\\a'",
        "\"\\\"\"",
        "\\\\",
    ]);
}

#[test]
fn a_value_is_not_filled_in_again() {
    agrees_with_the_shell(&["$LITERAL", "\"$LITERAL\"", "${UNSET:-$LITERAL}"]);
}

#[test]
fn what_is_not_closed_or_not_known_is_refused() {
    for (word, cause) in [
        ("a${SET", "${ is not closed"),
        ("\"a", "\" is not closed"),
        ("'a", "' is not closed"),
        ("${SET:?x}", "not supported"),
    ] {
        let said = refusal(&["expand", word, "SET=1"]);
        assert!(said.contains(cause), "{word} is refused because it is {cause}:\n{said}");
    }
}
