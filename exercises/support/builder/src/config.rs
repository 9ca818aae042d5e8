//! Words of the instructions that describe an image.

use std::path::{Component, Path, PathBuf};

use dockerfile::Diagnostic;
use nix::sys::signal::Signal;

/// Sets a variable in a list of `NAME=value`. One that is there keeps its position.
pub fn set_env(env: &mut Vec<String>, name: &str, value: &str) {
    let entry = format!("{name}={value}");
    match env.iter_mut().find(|old| old.split('=').next() == Some(name)) {
        Some(old) => *old = entry,
        None => env.push(entry),
    }
}

/// An absolute path in the image without `.` and `..`. A relative one begins in `directory`,
/// or at the root.
pub fn absolute(directory: Option<&str>, path: &str) -> PathBuf {
    let mut absolute = PathBuf::from("/");
    for part in Path::new(directory.unwrap_or("/")).join(path).components() {
        match part {
            Component::Normal(name) => absolute.push(name),
            Component::ParentDir => drop(absolute.pop()),
            _ => {}
        }
    }
    absolute
}

/// Both lists together, each word once, sorted: the same set gives the same image.
pub fn union(old: &Option<Vec<String>>, mut new: Vec<String>) -> Vec<String> {
    new.extend(old.iter().flatten().cloned());
    new.sort();
    new.dedup();
    new
}

/// Reads a port of EXPOSE: `80` means `80/tcp`.
///
/// # Errors
/// Anything but 1 to 65535 and `tcp`, `udp` or `sctp`.
pub fn parse_port(word: &str) -> Result<String, Diagnostic> {
    let (number, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    match number.parse::<u16>() {
        Ok(number) if number > 0 && digits && ["tcp", "udp", "sctp"].contains(&protocol) => {
            Ok(format!("{number}/{protocol}"))
        }
        _ => Err(Diagnostic::new(word, format!("'{word}' is not a port")).suggest("write 1 to 65535, or 53/udp")),
    }
}

/// Reads a signal of STOPSIGNAL, by name or number, as `kill -l` lists them.
///
/// # Errors
/// A name or number that is not a signal.
pub fn parse_signal(text: &str) -> Result<String, Diagnostic> {
    let number = text.parse::<i32>().ok();
    let name = if text.starts_with("SIG") { text.to_owned() } else { format!("SIG{text}") };
    match number.map_or_else(|| name.parse::<Signal>(), Signal::try_from) {
        Ok(signal) => Ok(signal.as_str().to_owned()),
        // The real-time signals have no names in the C library's list.
        Err(_) if name.starts_with("SIGRTM") || number.is_some_and(|number| (32..=64).contains(&number)) => {
            Ok(text.to_owned())
        }
        Err(_) => {
            Err(Diagnostic::new(text, format!("'{text}' is not a signal")).suggest("write a name such as SIGTERM"))
        }
    }
}
