//! Minutes in words and on a clock.

/// `45 min`, `2 h`, `2 h 30 min`.
pub fn duration(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, rest) => format!("{rest} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, rest) => format!("{hours} h {rest} min"),
    }
}

/// Minutes since midnight as the time of day: `9:05`.
pub fn of_day(minutes: u32) -> String {
    format!("{}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_easily() {
        assert_eq!([duration(45), duration(120), duration(150)], ["45 min", "2 h", "2 h 30 min"]);
        assert_eq!(of_day(545), "9:05");
    }
}
