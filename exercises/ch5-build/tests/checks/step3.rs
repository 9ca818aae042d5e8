//! COPY takes the files that are meant, and none from outside.

use std::fs;
use std::os::unix::fs::symlink;

use crate::fixture::BuildFixture;
use crate::{refusal, str, succeed};

/// A context with some files, and a secret beside it.
fn context() -> BuildFixture {
    let fixture = BuildFixture::new();
    for name in [
        "app.py",
        "a.txt",
        "b.txt",
        ".hidden.txt",
        "src/main.c",
        "src/lib/x.c",
        "src/lib/x.h",
        "build.log",
        "log/today.log",
    ] {
        fixture.put(name, name);
    }
    fs::write(fixture.context().parent().unwrap().join("secret"), "secret").unwrap();
    fixture
}

fn selected(fixture: &BuildFixture, sources: &[&str]) -> String {
    let context = fixture.context();
    succeed(&[&["select", str(&context)], sources].concat())
}

fn refused(fixture: &BuildFixture, source: &str) -> String {
    refusal(&["select", str(&fixture.context()), source])
}

#[test]
fn files_keep_their_name_and_directories_give_their_contents() {
    let printed = selected(&context(), &["app.py", "src", "./a.txt", "/b.txt"]);
    let itself = printed.lines().any(|line| line.starts_with("./src"));
    assert!(!itself, "of a directory its contents are meant, not the directory itself:\n{printed}");
    insta::assert_snapshot!("plain", printed);
    let twice = selected(&context(), &["a.txt", "a.txt", "*.txt"]);
    assert_eq!(twice.matches("./a.txt <- ").count(), 1, "a file that is named twice is copied once:\n{twice}");
}

#[test]
fn patterns_match_names_and_no_slash() {
    insta::assert_snapshot!("patterns", selected(&context(), &["*.txt", "s?c/l*/[w-z].[^c]"]));
}

#[test]
fn dockerignore_leaves_files_out_and_brings_them_back() {
    let fixture = context();
    fixture.put(".dockerignore", "# a comment\n*.log\n**/*.h\nsrc/lib\n!src/lib/x.c\n\n/log/\n");
    let printed = selected(&fixture, &["."]);
    assert!(!printed.contains("build.log"), "a file was copied that .dockerignore leaves out:\n{printed}");
    assert!(printed.contains("src/lib/x.c"), "a line with ! brings back what a line above left out:\n{printed}");
    insta::assert_snapshot!("ignored", printed);
    let printed = selected(&fixture, &["src"]);
    assert!(
        !printed.contains("./lib <-"),
        "the rules are about paths in the context, not below the source:\n{printed}"
    );
    let output = crate::run(&["select", str(&fixture.context()), "build.log"]);
    let (printed, said) = (crate::text(&output), crate::errors(&output));
    assert!(
        output.status.code() == Some(1) && said.contains(".dockerignore"),
        "a file that .dockerignore leaves out is not copied when it is named, either:\n{printed}{said}"
    );
}

#[test]
fn dots_do_not_lead_out_of_the_context() {
    for source in ["../secret", "src/../../secret", "/../secret", "src/lib/../../../secret"] {
        let said = refused(&context(), source);
        assert!(said.contains("outside the context"), "{source} leads out of the context:\n{said}");
    }
}

#[test]
fn links_do_not_lead_out_of_the_context() {
    let fixture = context();
    let outside = fixture.context().parent().unwrap().to_owned();
    symlink(outside.join("secret"), fixture.context().join("absolute")).unwrap();
    symlink("../secret", fixture.context().join("relative")).unwrap();
    symlink(&outside, fixture.context().join("directory")).unwrap();
    for source in ["absolute", "relative", "directory/secret", "directory/*", "d*/secret"] {
        let output = crate::run(&["select", str(&fixture.context()), source]);
        let printed = crate::text(&output);
        assert!(!printed.contains("secret"), "the link {source} led out of the context:\n{printed}");
        let said = crate::errors(&output);
        assert_eq!(output.status.code(), Some(1), "{source} names nothing in the context:\n{printed}{said}");
    }
    // The same name within and without: an absolute link starts at the context.
    fixture.put("etc/passwd", "ours");
    symlink("/etc/passwd", fixture.context().join("users")).unwrap();
    let printed = selected(&fixture, &["users"]);
    assert_eq!(printed, "./users <- ./etc/passwd\n", "the link users led out of the context");
}

#[test]
fn links_within_the_context_are_followed_when_named_and_kept_when_not() {
    let fixture = context();
    symlink("a.txt", fixture.context().join("alias")).unwrap();
    symlink("../a.txt", fixture.context().join("src/alias")).unwrap();
    insta::assert_snapshot!("links", selected(&fixture, &["alias", "src"]));
}

#[test]
fn a_source_that_names_nothing_is_an_error() {
    for source in ["nothing.txt", "*.nothing", "app.py/x"] {
        let said = refused(&context(), source);
        assert!(said.contains(source), "the source that names nothing is named:\n{said}");
    }
    let output = crate::run(&["select", str(&context().context()), "app.py", "nothing.txt"]);
    let (printed, said) = (crate::text(&output), crate::errors(&output));
    assert!(
        output.status.code() == Some(1) && said.contains("nothing.txt"),
        "each source must name something, not only all together:\n{printed}{said}"
    );
}
