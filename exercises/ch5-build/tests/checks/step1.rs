//! A Dockerfile is read, and what is wrong is shown in its place.

use std::fs;

use checks::View;

use crate::{refusal, str, succeed};

/// What the program says against a Dockerfile; its path is replaced by its name.
fn fault(text: &str) -> String {
    let directory = checks::scratch();
    let path = directory.path().join("Dockerfile");
    fs::write(&path, text).unwrap();
    refusal(&["parse", str(&path)]).replace(str(&path), "Dockerfile")
}

#[test]
fn every_instruction_is_found_with_its_line() {
    let nonce = checks::nonce();
    let directory = checks::scratch();
    let path = directory.path().join("Dockerfile");
    let text = [
        "# syntax=docker/dockerfile:1",
        "",
        "FROM base AS one",
        "run echo NONCE && \\",
        "    # a comment between two lines of one instruction",
        "    echo more",
        "COPY [\"a file\", \"/to/\"]",
        "RUN <<END",
        "# no comment, but a line of the script NONCE",
        "END",
        "LABEL a=1 \\",
        "  b=2",
        "CMD [\"x\"]",
    ];
    fs::write(&path, text.join("\n").replace("NONCE", &nonce)).unwrap();
    let view = View::parse(&succeed(&["parse", str(&path)])).name(&nonce, "<nonce>");
    checks::view!("instructions", view, {
        "3" => "an instruction is on the line of its first word, counted from 1",
        "4" => "an instruction is on the line of its first word; continuation lines are joined, comments between them left out",
        "8" => "a here-document belongs to its instruction, and nothing in it is a comment",
        "11" => "what follows a backslash at the end of a line belongs to the same instruction",
    });
}

#[test]
fn lines_of_a_here_document_are_no_instructions() {
    let directory = checks::scratch();
    let path = directory.path().join("Dockerfile");
    fs::write(&path, "FROM a\nRUN python3 <<END\nFORM = 1\n# data\nEND\nCMD [\"x\"]\n").unwrap();
    let output = crate::run(&["parse", str(&path)]);
    let expected = "1 FROM a\n2 RUN python3 <<END\\nFORM = 1\\n# data\n6 CMD [\\\"x\\\"]\n";
    let said = crate::errors(&output);
    assert_eq!(crate::text(&output), expected, "the lines up to END are data for python3, no instructions:\n{said}");
}

#[test]
fn a_misspelled_instruction_is_shown_with_a_suggestion() {
    for (word, meant) in
        [("FORM", "FROM"), ("RUNN", "RUN"), ("KOPY", "COPY"), ("WROKDIR", "WORKDIR"), ("entrypont", "ENTRYPOINT")]
    {
        let said = fault(&format!("FROM a\n{word} b c\n"));
        assert!(said.contains(&format!("did you mean {meant}?")), "{word} most likely means {meant}:\n{said}");
    }
    let nonce = checks::nonce();
    let said = fault(&format!("FORM python:3-slim-{nonce}\nWORKDIR /app\n")).replace(&nonce, "<nonce>");
    insta::assert_snapshot!("form", said);
}

#[test]
fn a_word_like_no_instruction_gets_no_suggestion() {
    let said = fault("FROM a\nPLEASE do it\n");
    assert!(said.contains("unknown instruction 'PLEASE'"), "the unknown word is named:\n{said}");
    assert!(!said.contains("did you mean"), "PLEASE is not near any instruction, so nothing is suggested:\n{said}");
    let said = fault("FROM a\nWORKDIR\n");
    assert!(!said.contains("did you mean"), "WORKDIR is spelled right, it only lacks its path:\n{said}");
}

#[test]
fn the_place_is_that_of_the_faulty_word() {
    for (text, place, line) in [
        ("FROM a\n\n# c\n\tRUNN x\n", "Dockerfile:4:2:", "\tRUNN x"),
        ("FROM a\nENV A=1 \\\n  lonely\n", "Dockerfile:3:3:", "  lonely"),
        ("FROM a\nCMD ['x', 'y']\n", "Dockerfile:2:5:", "CMD ['x', 'y']"),
        ("RUN x\n", "Dockerfile:1:1:", "RUN x"),
        ("FROM a\nRUN --mount=type=cache,target=/x y\n", "Dockerfile:2:5:", "RUN --mount=type=cache,target=/x y"),
    ] {
        let said = fault(text);
        let mut lines = said.lines();
        let first = lines.next().unwrap_or_default();
        assert!(first.starts_with(place), "file, line and column of the fault come first: {place}\n{said}");
        let second = lines.next().unwrap_or_default();
        assert!(second.ends_with(line), "the line itself comes second: {line}\n{said}");
        let marks = lines.next().unwrap_or_default();
        let (line_at, mark_at) = (second.find(line).unwrap(), marks.find('^').unwrap_or_default());
        let column: usize = place.trim_end_matches(':').rsplit(':').next().unwrap().parse().unwrap();
        assert_eq!(mark_at, line_at + column - 1, "the mark stands below the faulty word:\n{said}");
    }
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    for (line, name) in
        [("ONBUILD RUN x", "ONBUILD"), ("RUN --mount=type=bind x", "--mount"), ("ADD http://a/b /", "URL")]
    {
        let said = fault(&format!("FROM a\n{line}\n"));
        assert!(said.contains(name) && said.contains("not supported"), "`{line}` is refused by its name:\n{said}");
    }
}
