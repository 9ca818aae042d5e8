//! Names that nobody can guess.

use std::{fs, io};

/// 32 hexadecimal characters from the kernel's random source.
pub fn random() -> io::Result<String> {
    let uuid = fs::read_to_string("/proc/sys/kernel/random/uuid")?;
    Ok(uuid.chars().filter(char::is_ascii_hexdigit).collect())
}
