//! Bars on a terminal, plain lines elsewhere.

use std::fs;
use std::process::Command;

use crate::screen::Screen;
use crate::test_env::TestEnv;

/// Takes longer to pack than a bar waits, and next to no place.
const LARGE: u64 = 160 << 20;

/// A galley that is about to copy a large file.
fn building(test: &TestEnv, context: &tempfile::TempDir, terminal: &str) -> Command {
    fs::write(context.path().join("Dockerfile"), "FROM scratch\nCOPY large /\n").unwrap();
    fs::File::create(context.path().join("large")).unwrap().set_len(LARGE).unwrap();
    let mut command = test.command("build --no-cache");
    command.arg(context.path()).env("TERM", terminal);
    command
}

#[test]
fn a_long_copy_has_a_bar_that_goes_away() {
    let (test, context) = (TestEnv::new(None), checks::scratch());
    let text = Screen::start(building(&test, &context, "xterm"), 24, 100).rest();
    assert!(text.contains("copying [="), "no bar: {text:?}");
    assert!(text.contains("/160.00 MiB"), "the bar does not say how much there is: {text:?}");
    // The line is cleared before the next one is printed.
    let (_, end) = text.rsplit_once("MiB").unwrap();
    let (cleared, rest) = end.split_once("\u{1b}[2K").unwrap_or_else(|| panic!("the bar stays: {end:?}"));
    assert!(!cleared.contains('\n') && rest.contains("layer"), "{end:?}");
}

#[test]
fn a_log_and_a_dumb_terminal_get_plain_lines() {
    let (test, context) = (TestEnv::new(None), checks::scratch());
    let text = Screen::start(building(&test, &context, "dumb"), 24, 100).rest();
    assert!(!text.contains('\u{1b}') && !text.contains("copying"), "{text:?}");
    let output = building(&test, &context, "xterm").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let [from, copy, layer, ..] = lines.lines().collect::<Vec<_>>()[..] else { panic!("{lines}") };
    assert_eq!([from, copy], ["[1/2] FROM scratch", "[2/2] COPY large /"]);
    let (seconds, _) = layer.trim_start().split_once("s, layer ").unwrap_or_else(|| panic!("no time: {layer}"));
    assert!(seconds.parse::<f32>().is_ok_and(|seconds| seconds > 0.0), "{layer}");
}
