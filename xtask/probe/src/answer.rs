//! What a request comes to.

use std::error::Error;

/// A value, or the error that is shown in its place: what is missing inside a container
/// is itself something to see.
pub type Answer = Result<String, Box<dyn Error>>;

/// The signal of that name, such as `SIGTERM`.
pub fn signal(name: &str) -> Result<nix::sys::signal::Signal, &'static str> {
    name.parse().map_err(|_| "no such signal")
}

/// The two parts of `FROM=TO`; `form` is what the argument should have been.
pub fn pair<'a>(argument: &'a str, form: &'static str) -> Result<(&'a str, &'a str), &'static str> {
    argument.split_once('=').ok_or(form)
}
