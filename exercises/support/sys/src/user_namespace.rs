//! Which user ids this process can use: user_namespaces(7).

use std::fs;

use crate::{Context, Result};

const UID_MAP: &str = "/proc/self/uid_map";

/// Whether this process sees other user ids than the host does. Outside of every user
/// namespace the map takes each id to itself.
///
/// # Errors
/// Those of open(2), where `/proc` is not mounted.
pub fn in_user_namespace() -> Result<bool> {
    let map = fs::read_to_string(UID_MAP).context("read", UID_MAP)?;
    Ok(map.split_whitespace().ne(["0", "0", "4294967295"]))
}

/// Whether a user id means anybody here. A user without privileges can map only one id.
///
/// # Errors
/// As [`in_user_namespace`].
pub fn is_mapped(uid: u32) -> Result<bool> {
    let map = fs::read_to_string(UID_MAP).context("read", UID_MAP)?;
    Ok(map.lines().any(|line| {
        let numbers: Vec<u32> = line.split_whitespace().filter_map(|field| field.parse().ok()).collect();
        matches!(numbers[..], [first, _, count] if uid >= first && uid - first < count)
    }))
}
