//! What is known is not done again, and what is not known is never taken for known.
//!
//! When an instruction was executed stands in the image's history: the check sets the
//! clock of each build with SOURCE_DATE_EPOCH. Only WORKDIR makes layers here, because
//! COPY and RUN are later steps.

use std::fs;

use crate::fixture::BuildFixture;
use crate::{errors, text};

/// Builds at this second of 1970. Which build executed each line below FROM: its second.
fn executed(fixture: &BuildFixture, second: u64, arguments: &[&str]) -> Vec<u64> {
    let output = fixture.command(arguments).env("SOURCE_DATE_EPOCH", second.to_string()).output().unwrap();
    let printed = text(&output);
    assert!(output.status.success(), "the build failed:\n{printed}{}", errors(&output));
    let config = fixture.config();
    let history = config["history"].as_array().unwrap().clone();
    let seconds = |created: &str| created.trim_end_matches('Z').rsplit(':').next().unwrap().parse().unwrap();
    let executed: Vec<u64> = history.iter().map(|entry| seconds(entry["created"].as_str().unwrap())).collect();
    let lines: Vec<&str> = printed.lines().filter(|line| line.contains("] ")).skip(1).collect();
    for (line, executed) in lines.iter().zip(&executed) {
        assert_eq!(
            line.starts_with("CACHED "),
            *executed != second,
            "announce is told whether the instruction is cached, before anything else:\n{printed}"
        );
    }
    executed
}

fn fixture(lines: &[&str]) -> BuildFixture {
    let fixture = BuildFixture::new();
    fixture.dockerfile(&[&["FROM scratch"], lines].concat());
    fixture
}

#[test]
fn a_second_build_executes_nothing() {
    let nonce = checks::nonce();
    let fixture = fixture(&[&format!("WORKDIR /{nonce}"), "ENV A=1", "WORKDIR /b"]);
    assert_eq!(executed(&fixture, 1, &[]), [1, 1, 1]);
    let layers = fixture.layers();
    assert_eq!(executed(&fixture, 2, &[]), [1, 1, 1], "nothing had changed, and yet a line was executed again");
    assert_eq!(fixture.layers(), layers, "the layers are those of the first build");
}

#[test]
fn a_changed_line_spoils_those_below_it_only() {
    let fixture = fixture(&["WORKDIR /a", "ENV A=1", "WORKDIR /b"]);
    executed(&fixture, 1, &[]);
    fixture.dockerfile(&["FROM scratch", "WORKDIR /a", "ENV A=2", "WORKDIR /b"]);
    assert_eq!(executed(&fixture, 2, &[]), [1, 2, 2], "the line above the change is cached, and those below are not");
    fixture.dockerfile(&["FROM scratch", "WORKDIR /a", "ENV A=1", "WORKDIR /b"]);
    assert_eq!(executed(&fixture, 3, &[]), [1, 1, 1], "the records of the first build are still there");
}

#[test]
fn no_cache_looks_up_nothing_and_keeps_everything() {
    let fixture = fixture(&["WORKDIR /a", "ENV A=1"]);
    executed(&fixture, 1, &[]);
    assert_eq!(executed(&fixture, 2, &["--no-cache"]), [2, 2], "with --no-cache everything is executed");
    assert_eq!(executed(&fixture, 3, &[]), [2, 2], "the results of a build with --no-cache are kept for the next one");
}

#[test]
fn a_record_without_its_layer_is_worth_nothing() {
    let fixture = fixture(&["WORKDIR /a", "ENV A=1"]);
    executed(&fixture, 1, &[]);
    fs::remove_file(&fixture.layers()[0]).unwrap();
    let after = executed(&fixture, 2, &[]);
    assert_eq!(after[0], 2, "prune removed the layer, so the record of WORKDIR /a is worth nothing");
    assert!(fixture.layers()[0].is_file(), "the image has a layer that is not in the store");
}

#[test]
fn after_the_first_miss_nothing_is_known() {
    let fixture = fixture(&["WORKDIR /a", "WORKDIR /b", "ENV A=1", "WORKDIR /c"]);
    executed(&fixture, 1, &[]);
    fs::remove_file(&fixture.layers()[1]).unwrap();
    assert_eq!(
        executed(&fixture, 2, &[]),
        [1, 2, 2, 2],
        "WORKDIR /b was executed again; a record below it was made on top of another result"
    );
}
