//! What a container is called by.

use std::fs;

use sys::Context;

/// 64 hexadecimal digits from the kernel's random source.
///
/// # Errors
/// open(2), read(2).
pub(crate) fn new_id() -> sys::Result<String> {
    let path = "/proc/sys/kernel/random/uuid";
    let mut id = String::new();
    while id.len() < 64 {
        let uuid = fs::read_to_string(path).context("open", path)?;
        id.extend(uuid.chars().filter(char::is_ascii_hexdigit));
    }
    id.truncate(64);
    Ok(id)
}

/// The first twelve digits of an id, which are shown.
pub fn short(id: &str) -> &str {
    // A directory may be called anything.
    id.get(..12).unwrap_or(id)
}

/// The control group of a container.
pub(crate) fn cgroup_name(id: &str) -> String {
    format!("galley/{}", short(id))
}
