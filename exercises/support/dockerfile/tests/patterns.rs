//! `.dockerignore` is read, and its patterns match, as Docker does it.

#![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use dockerfile::{Diagnostic, IgnoreRule, Pattern, ignore_rules};

fn rules_in(name: &str, text: &str) -> Result<Vec<IgnoreRule>, Diagnostic> {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(name), text).unwrap();
    ignore_rules(directory.path(), &directory.path().join("app.Dockerfile"))
}

fn rules(text: &str) -> Vec<IgnoreRule> {
    rules_in(".dockerignore", text).unwrap()
}

/// What moby's patternmatcher says, from its own table of cases.
#[test]
fn patterns_match_as_dockers_do() {
    for (pattern, path, matches) in [
        ("**", "file", true),
        ("**", "dir/file", true),
        ("**/", "dir/file", true),
        ("**/file", "file", true),
        ("**/file", "dir/dir/file", true),
        ("**file", "dir/afile", true),
        ("**.h", "a/b.h", true),
        ("dir/**", "dir/a/b", true),
        ("dir/**", "dir", false),
        ("a/**/b", "a/b", true),
        ("a/**/b", "a/x/y/b", true),
        ("*", "dir/file", false),
        ("a*", "abc", true),
        ("a?c", "abc", true),
        ("a?c", "a/c", false),
        ("[a-c].txt", "b.txt", true),
        ("[^a-c].txt", "b.txt", false),
        ("a\\*b", "a*b", true),
        ("a\\*b", "axb", false),
        ("{a,b}", "a", false),
        ("{a,b}", "{a,b}", true),
        ("a.c", "abc", false),
        ("a$", "a$", true),
        (".*", ".git", true),
    ] {
        let rules = rules(pattern);
        assert_eq!(rules[0].pattern.matches(Path::new(path)), matches, "{pattern} {path}");
    }
}

#[test]
fn lines_are_cleaned_as_docker_cleans_them() {
    let rules = rules("\u{feff}/a\n # b\n#c\n\n  ! ./d/../e  \n.\n../f\n");
    let matches = |index: usize, path: &str| rules[index].pattern.matches(Path::new(path));
    assert_eq!(rules.iter().map(|rule| rule.exception).collect::<Vec<_>>(), [false, false, true, false]);
    assert!(matches(0, "a") && matches(1, "# b") && matches(2, "e") && !matches(3, "f"));
    assert!(rules_in(".dockerignore", "!\n").is_err());
    assert!(rules_in(".dockerignore", "[a\n").is_err());
}

#[test]
fn the_dockerfiles_own_rules_come_before_the_contexts() {
    assert_eq!(rules_in("app.Dockerfile.dockerignore", "a\nb\n").unwrap().len(), 2);
    assert_eq!(rules_in("other.Dockerfile.dockerignore", "a\n").unwrap().len(), 0);
}

#[test]
fn many_stars_and_long_lines_take_no_time() {
    let begin = Instant::now();
    let rules = rules(&("*a".repeat(12) + "b"));
    assert!(!rules[0].pattern.matches(Path::new(&"a".repeat(60))));
    let _ = Pattern::new(&"[a-z]*?".repeat(30_000));
    assert!(begin.elapsed() < Duration::from_secs(5));
}
