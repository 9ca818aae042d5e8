//! Whether there is a terminal to hand on.

use std::io::{IsTerminal, stdin};

use crate::error::{Error, Result};

/// Refuses `-it` without a terminal: every key is handed on, so there must be keys.
///
/// # Errors
/// [`Error::Usage`]
pub fn check_terminal() -> Result<()> {
    if stdin().is_terminal() {
        return Ok(());
    }
    Err(Error::Usage("the input device is not a terminal; leave out -t to read from a pipe or file".to_owned()))
}
