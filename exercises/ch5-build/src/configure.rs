//! Step 5: carry out the instructions that only describe the image.

use std::path::{Component, Path, PathBuf};

use images::spec::Config;

use crate::error::{Problem, Result};
use crate::syntax::Action;

/// An image's configuration while it is being written.
#[derive(Clone, Debug)]
pub struct Description {
    /// What the image will carry (image-spec, config.md).
    pub config: Config,
    /// What the shell form of a command is handed to. SHELL changes it; the
    /// image does not record it.
    pub shell: Vec<String>,
    /// Whether CMD was written in this stage, and not inherited.
    pub own_command: bool,
}

impl Description {
    /// Begins with what a base image says of itself.
    pub fn of(config: Config) -> Self {
        Self { config, shell: vec!["/bin/sh".into(), "-c".into()], own_command: false }
    }
}

/// Writes into the description what an instruction says about the image.
///
/// None of these makes a layer: they change a few lines of JSON. A later ENV,
/// LABEL, USER … of the same name replaces an earlier one; EXPOSE and VOLUME add
/// up; ENTRYPOINT clears an inherited CMD, which was meant for another program.
/// SHELL changes the description and not the config. The instructions that are
/// not listed here, such as FROM and RUN, say nothing about the image.
///
/// # Errors
///
/// A port or a signal that cannot be one.
pub fn configure(description: &mut Description, action: &Action) -> Result<()> {
    // ANCHOR: configure
    let _ = (&description, &action); // what you have to work with
    todo!("ch5 step 5: carry out what only describes the image")
    // ANCHOR_END: configure
}

/// `NAME=value` entries with some of them set anew.
pub fn with(mut env: Vec<String>, pairs: &[(String, Option<String>)]) -> Vec<String> {
    for (name, value) in pairs {
        let entry = format!("{name}={}", value.as_deref().unwrap_or_default());
        match env.iter_mut().find(|old| old.split('=').next() == Some(name)) {
            Some(old) => *old = entry,
            None => env.push(entry),
        }
    }
    env
}

/// A path in the image, taken from the working directory, without `.` and `..`.
pub fn absolute(directory: Option<&str>, path: &str) -> PathBuf {
    let mut whole = PathBuf::from("/");
    for part in Path::new(directory.unwrap_or("/")).join(path).components() {
        match part {
            Component::Normal(name) => whole.push(name),
            Component::ParentDir => {
                whole.pop();
            }
            _ => {}
        }
    }
    whole
}

/// Both together, sorted: these are sets, and the same set gives the same image.
pub fn union(old: &Option<Vec<String>>, mut new: Vec<String>) -> Vec<String> {
    new.extend(old.iter().flatten().cloned());
    new.sort();
    new.dedup();
    new
}

/// `80` means `80/tcp`.
pub fn port(word: &str) -> std::result::Result<String, Problem> {
    let (number, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
    let known = ["tcp", "udp", "sctp"].contains(&protocol);
    match number.parse::<u16>() {
        Ok(number) if number > 0 && known => Ok(format!("{number}/{protocol}")),
        _ => Err(Problem::new(word, format!("'{word}' is no port")).suggest("write 1 to 65535, or 53/udp")),
    }
}

/// A signal by name or number, as `kill -l` lists them.
pub fn signal(text: &str) -> std::result::Result<String, Problem> {
    use nix::sys::signal::Signal;
    let number = text.parse::<i32>().ok();
    let name = if text.starts_with("SIG") { text.to_owned() } else { format!("SIG{text}") };
    let known = number.map_or_else(|| name.parse::<Signal>(), Signal::try_from);
    match known {
        Ok(signal) => Ok(signal.as_str().to_owned()),
        // The real-time signals have no names in the C library's list.
        Err(_) if name.starts_with("SIGRTM") || number.is_some_and(|number| (32..=64).contains(&number)) => {
            Ok(text.to_owned())
        }
        Err(_) => Err(Problem::new(text, format!("'{text}' is no signal")).suggest("write a name such as SIGTERM")),
    }
}
