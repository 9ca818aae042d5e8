//! Device numbers, and rules about them.

use std::fmt;
use std::str::FromStr;

/// What Docker and Podman allow: make any node, but open these only.
pub const DEFAULT_DEVICES: &[DeviceRule] = &[
    // A node is a name. What counts is whether it can be opened.
    DeviceRule::new(DeviceKind::Block, None, None, "m"),
    DeviceRule::new(DeviceKind::Char, None, None, "m"),
    // null, zero, full, random, urandom
    DeviceRule::new(DeviceKind::Char, Some(1), Some(3), "rwm"),
    DeviceRule::new(DeviceKind::Char, Some(1), Some(5), "rwm"),
    DeviceRule::new(DeviceKind::Char, Some(1), Some(7), "rwm"),
    DeviceRule::new(DeviceKind::Char, Some(1), Some(8), "rwm"),
    DeviceRule::new(DeviceKind::Char, Some(1), Some(9), "rwm"),
    // tty, console, ptmx, and the terminals that ptmx makes
    DeviceRule::new(DeviceKind::Char, Some(5), Some(0), "rwm"),
    DeviceRule::new(DeviceKind::Char, Some(5), Some(1), "rwm"),
    DeviceRule::new(DeviceKind::Char, Some(5), Some(2), "rwm"),
    DeviceRule::new(DeviceKind::Char, Some(136), None, "rwm"),
];

/// The two kinds of device nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// A disk.
    Block,
    /// Everything else.
    Char,
}

/// Devices that may be used, in the words of the first version's `devices.allow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceRule {
    /// Block or character devices.
    pub kind: DeviceKind,
    /// The driver; any if it is `None`.
    pub major: Option<u32>,
    /// Which of the driver's devices; any if it is `None`.
    pub minor: Option<u32>,
    /// Of `r` (read), `w` (write) and `m` (make a node), those that are allowed.
    pub access: &'static str,
}

impl DeviceRule {
    const fn new(kind: DeviceKind, major: Option<u32>, minor: Option<u32>, access: &'static str) -> Self {
        Self { kind, major, minor, access }
    }
}

impl fmt::Display for DeviceRule {
    /// Such as `c 1:3 rwm`, or `b *:* m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |number: Option<u32>| number.map_or_else(|| "*".to_owned(), |number| number.to_string());
        let kind = if self.kind == DeviceKind::Block { 'b' } else { 'c' };
        write!(f, "{kind} {}:{} {}", number(self.major), number(self.minor), self.access)
    }
}

impl FromStr for DeviceRule {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let fault = || format!("'{text}' is not a rule for devices, such as 'c 1:3 rwm'");
        let words: Vec<&str> = text.split(' ').collect();
        let [kind, numbers, access] = words[..] else { return Err(fault()) };
        let (major, minor) = numbers.split_once(':').ok_or_else(fault)?;
        let number = |text: &str| if text == "*" { Ok(None) } else { text.parse().map(Some).map_err(|_| fault()) };
        let kind = match kind {
            "b" => DeviceKind::Block,
            "c" => DeviceKind::Char,
            _ => return Err(fault()),
        };
        let known = ["r", "w", "m", "rw", "rm", "wm", "rwm"];
        let access = known.into_iter().find(|known| *known == access).ok_or_else(fault)?;
        Ok(Self { kind, major: number(major)?, minor: number(minor)?, access })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

    use super::*;

    #[test]
    fn rules_are_read_as_they_are_written() {
        for rule in DEFAULT_DEVICES {
            assert_eq!(rule.to_string().parse::<DeviceRule>().unwrap(), *rule);
        }
        for text in ["", "c 1:3", "x 1:3 r", "c 1 r", "c 1:3 x", "c -1:3 r"] {
            assert!(text.parse::<DeviceRule>().is_err(), "{text}");
        }
    }
}
