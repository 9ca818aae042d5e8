//! Amounts of bytes as people write and read them.

/// Reads an amount of bytes: a whole number, alone or with a unit of `b`, `k`, `m` or
/// `g` in either case, each 1024 times the one before.
///
/// # Errors
/// The rule that the text breaks, in words.
pub fn parse_size(text: &str) -> Result<u64, &'static str> {
    let digits = text.trim_end_matches(|last: char| last.is_ascii_alphabetic());
    let factor = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1 << 10,
        "m" => 1 << 20,
        "g" => 1 << 30,
        _ => return Err("the unit is one of b, k, m and g, as in 64m"),
    };
    // `parse` would take a plus sign too.
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("write a whole number and a unit, as in 64m");
    }
    let number = digits.parse::<u64>().ok();
    number.and_then(|number| number.checked_mul(factor)).ok_or("that is more than 64 bits can count")
}

/// Writes an amount of bytes in decimal units: `1.5 MB`.
pub fn format_size(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{:.1} {name}", bytes as f64 / unit as f64),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_and_nothing_is_lost() {
        for (text, bytes) in [("0", 0), ("64m", 64 << 20), ("1G", 1 << 30), ("10k", 10_240), ("7B", 7)] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "m", "+1m", "-1", "1.5m", "64mb", "1t", " 1m", "18446744073709551616", "99999999999999999g"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
        let sizes = [999, 1_500, 62_100_000, 3_000_000_000].map(format_size);
        assert_eq!(sizes, ["999 B", "1.5 kB", "62.1 MB", "3.0 GB"]);
    }
}
