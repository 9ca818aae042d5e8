//! The last rule that matches decides, for a path and for everything in it.

use crate::fixture::BuildFixture;
use crate::{str, succeed};

/// Which of the paths the rules leave out, in the order in which they were asked for.
fn left_out<'a>(rules: &str, paths: &[&'a str]) -> Vec<&'a str> {
    let fixture = BuildFixture::new();
    fixture.put(".dockerignore", rules);
    let printed = succeed(&[&["ignored", str(&fixture.context())], paths].concat());
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), paths.len(), "one line for each path:\n{printed}");
    paths.iter().zip(lines).filter(|(path, line)| *line == format!("{path}: left out")).map(|(path, _)| *path).collect()
}

#[test]
fn a_rule_leaves_out_what_it_matches() {
    let nonce = checks::nonce();
    let paths = ["build.log", &nonce, "src/build.log", "src/main.c", "src/x.h"];
    let found = left_out(&format!("*.log\n{nonce}\n**/*.h\n"), &paths);
    assert_eq!(found, ["build.log", &nonce, "src/x.h"], "* matches no slash, and ** any number of directories");
}

#[test]
fn a_rule_for_a_directory_holds_for_everything_in_it() {
    let found =
        left_out("src/lib\n*/cache\n", &["src", "src/lib", "src/lib/x.c", "src/lib/a/b/c", "a/cache/x", "src/library"]);
    assert_eq!(
        found,
        ["src/lib", "src/lib/x.c", "src/lib/a/b/c", "a/cache/x"],
        "a rule that matches a directory leaves out everything in it, at any depth"
    );
}

#[test]
fn the_last_rule_that_matches_decides() {
    let found = left_out("*.md\n!README.md\n", &["README.md", "NOTES.md"]);
    assert_eq!(found, ["NOTES.md"], "a rule with ! brings back what a rule above it left out");
    let found = left_out("!README.md\n*.md\n", &["README.md", "NOTES.md"]);
    assert_eq!(found, ["README.md", "NOTES.md"], "the rule with ! stands above, so the one below it decides");
    let found = left_out("*.md\n!README*\nREADME-secret.md\n", &["README-secret.md", "README-2.md"]);
    assert_eq!(found, ["README-secret.md"], "of three rules the last one that matches decides");
}

#[test]
fn an_exception_holds_for_everything_in_a_directory_too() {
    let found =
        left_out("**\n!src\nsrc/lib\n!src/lib/x.c\n", &["a", "src", "src/main.c", "src/lib/y.c", "src/lib/x.c"]);
    assert_eq!(found, ["a", "src/lib/y.c"], "an exception for a directory brings back everything in it");
}

#[test]
fn without_a_rule_everything_stays() {
    assert_eq!(left_out("", &["a", "a/b"]), Vec::<&str>::new(), "no rule matches, so the path stays");
    assert_eq!(left_out("!a\n", &["a", "b"]), Vec::<&str>::new(), "an exception alone leaves nothing out");
}
