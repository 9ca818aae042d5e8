//! A Dockerfile is read, and what is wrong is shown where it is.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails where it cannot go on")]

use dockerfile::{Diagnostic, Instruction, Source, parse, plan};

fn source(text: &str) -> Source {
    Source { file: "Dockerfile".into(), text: text.to_owned() }
}

fn instructions(text: &str) -> Vec<Instruction> {
    parse(&source(text)).unwrap_or_else(|error| panic!("{error}"))
}

fn error(text: &str) -> String {
    parse(&source(text)).unwrap_err().to_string()
}

fn lines(text: &str) -> Vec<String> {
    instructions(text).iter().map(|it| format!("{} {}", it.line, it.text.escape_debug())).collect()
}

#[test]
fn every_instruction_is_found_with_its_line() {
    let text = [
        "# syntax=docker/dockerfile:1",
        "",
        "FROM base AS one",
        "run echo 1 && \\",
        "    # a comment between two lines of one instruction",
        "    echo more",
        "COPY [\"a file\", \"/to/\"]",
        "RUN <<END",
        "# not a comment, but a line of the script",
        "END",
        "LABEL a=1 \\",
        "  b=2",
        "CMD [\"x\"]",
    ];
    assert_eq!(
        lines(&text.join("\n")),
        [
            "3 FROM base AS one",
            "4 run echo 1 &&     echo more",
            "7 COPY [\\\"a file\\\", \\\"/to/\\\"]",
            "8 RUN <<END\\n# not a comment, but a line of the script",
            "11 LABEL a=1   b=2",
            "13 CMD [\\\"x\\\"]",
        ]
    );
}

#[test]
fn lines_of_a_here_document_are_not_instructions() {
    let found = lines("FROM a\nRUN python3 <<END\nFORM = 1\n# data\nEND\nCMD [\"x\"]\n");
    assert_eq!(found, ["1 FROM a", "2 RUN python3 <<END\\nFORM = 1\\n# data", "6 CMD [\\\"x\\\"]"]);
}

#[test]
fn a_misspelled_instruction_is_shown_with_a_suggestion() {
    for (word, meant) in
        [("FORM", "FROM"), ("RUNN", "RUN"), ("KOPY", "COPY"), ("WROKDIR", "WORKDIR"), ("entrypont", "ENTRYPOINT")]
    {
        let message = error(&format!("FROM a\n{word} b c\n"));
        assert!(message.contains(&format!("did you mean {meant}?")), "{word} most likely means {meant}:\n{message}");
    }
    assert_eq!(
        error("FORM python:3-slim\nWORKDIR /app\n"),
        "Dockerfile:1:1: unknown instruction 'FORM'\n 1 | FORM python:3-slim\n   | ^^^^ did you mean FROM?"
    );
}

#[test]
fn a_word_like_no_instruction_gets_no_suggestion() {
    let message = error("FROM a\nPLEASE do it\n");
    assert!(message.contains("unknown instruction 'PLEASE'") && !message.contains("did you mean"), "{message}");
    let message = error("FROM a\nWORKDIR\n");
    assert!(!message.contains("did you mean"), "WORKDIR is spelled right, it only lacks its path:\n{message}");
}

#[test]
fn the_wrong_word_is_marked_in_its_place() {
    for (text, place, line) in [
        ("FROM a\n\n# c\n\tRUNN x\n", "Dockerfile:4:2:", "\tRUNN x"),
        ("FROM a\nENV A=1 \\\n  lonely\n", "Dockerfile:3:3:", "  lonely"),
        ("FROM a\nCMD ['x', 'y']\n", "Dockerfile:2:5:", "CMD ['x', 'y']"),
        ("RUN x\n", "Dockerfile:1:1:", "RUN x"),
        ("FROM a\nRUN --mount=type=cache,target=/x y\n", "Dockerfile:2:5:", "RUN --mount=type=cache,target=/x y"),
    ] {
        let message = error(text);
        let mut lines = message.lines();
        assert!(lines.next().unwrap().starts_with(place), "file, line and column come first: {place}\n{message}");
        let (second, marks) = (lines.next().unwrap(), lines.next().unwrap());
        assert!(second.ends_with(line), "the line itself comes second: {line}\n{message}");
        let column: usize = place.trim_end_matches(':').rsplit(':').next().unwrap().parse().unwrap();
        assert_eq!(marks.find('^').unwrap(), second.find(line).unwrap() + column - 1, "the mark's column:\n{message}");
    }
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    for (line, name) in
        [("ONBUILD RUN x", "ONBUILD"), ("RUN --mount=type=bind x", "--mount"), ("ADD http://a/b /", "URL")]
    {
        let message = error(&format!("FROM a\n{line}\n"));
        assert!(message.contains(name) && message.contains("not supported"), "`{line}`:\n{message}");
    }
}

/// Fills in nothing but `$BASE`, which is enough to find a stage.
fn expand(text: &str, value: &dyn Fn(&str) -> Option<String>) -> Result<String, Diagnostic> {
    Ok(text.replace("$BASE", &value("BASE").unwrap_or_default()))
}

#[test]
fn only_the_stages_that_are_needed_are_planned() {
    let text = "ARG BASE=one\nFROM a AS one\nFROM b AS two\nFROM $BASE AS Three\nCOPY --from=1 /x /\nFROM one\n";
    let planned = |target, args: &[(String, String)]| {
        let plan = plan(instructions(text), args, target, expand).unwrap();
        plan.stages.iter().map(|stage| stage.number).collect::<Vec<_>>()
    };
    assert_eq!(planned(None, &[]), [0, 3], "the last stage stands on the first");
    assert_eq!(planned(Some("three"), &[]), [0, 1, 2], "--from takes a number, and a name in any case");
    assert_eq!(planned(Some("2"), &[("BASE".into(), "two".into())]), [1, 2], "a build argument wins over the default");
    let (_, error) = plan(instructions(text), &[], Some("four"), expand).unwrap_err();
    assert!(error.to_string().contains("the stages are one, two, Three"), "{error}");
}
