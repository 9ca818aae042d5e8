use cgroups::{Error, MEMORY_LEAST, parse_memory};

use super::some_number;

#[test]
fn each_unit_is_1024_of_the_last() {
    let number = some_number(1000) + 7;
    for (unit, factor) in [("m", 1 << 20), ("M", 1 << 20), ("g", 1 << 30), ("G", 1 << 30)] {
        let text = format!("{number}{unit}");
        assert_eq!(
            parse_memory(&text).ok(),
            Some(number * factor),
            "{text} in bytes: each unit is 1024 of the one before"
        );
    }
    let number = number + MEMORY_LEAST;
    for (unit, factor) in [("", 1), ("b", 1), ("B", 1), ("k", 1 << 10), ("K", 1 << 10)] {
        let text = format!("{number}{unit}");
        assert_eq!(
            parse_memory(&text).ok(),
            Some(number * factor),
            "{text} in bytes: without a unit it is bytes already"
        );
    }
}

#[test]
fn what_is_no_limit_is_refused() {
    for (text, why) in [
        ("", "there is nothing to read"),
        ("m", "a unit alone is no number"),
        ("64x", "x is no unit"),
        ("64mb", "mb is no unit; Docker takes one letter too"),
        ("64 m", "a blank stands between"),
        (" 64m", "a blank stands before"),
        ("0.5g", "half a gigabyte is 512m"),
        ("-64m", "less than nothing"),
        ("+64m", "a sign is no digit; u64's own parse takes it"),
        ("m64", "the unit comes last"),
        ("64\u{fc}", "the last letter is no ASCII"),
    ] {
        match parse_memory(text) {
            Ok(bytes) => panic!("'{text}' was read as {bytes} bytes: {why}"),
            Err(Error::Limit { text: shown, .. }) => assert_eq!(shown, text, "the error shows what was written"),
            Err(other) => panic!("'{text}' is an error about a limit, not: {other}"),
        }
    }
}

#[test]
fn too_much_is_refused_and_not_cut_off() {
    for text in ["17179869185g", "18014398509490176k", "18446744073717940224", "99999999999999999999999m"] {
        let read = parse_memory(text);
        assert!(read.is_err(), "{text} is more than 64 bits hold, and was read as {read:?}: the upper bits got lost");
    }
    assert_eq!(parse_memory("17179869183g").ok(), Some(17_179_869_183 << 30), "this one just fits into 64 bits");
}

#[test]
fn too_little_is_refused() {
    for text in ["0", "1", "5m", "6291455"] {
        assert!(parse_memory(text).is_err(), "{text} is less than {MEMORY_LEAST} bytes: no program starts in it");
    }
    assert_eq!(parse_memory("6m").ok(), Some(MEMORY_LEAST), "6m is the least");
}
