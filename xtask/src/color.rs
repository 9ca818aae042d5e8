//! When output is colored.

use std::io::{IsTerminal, stdout};

/// Whether to color standard output: only on a terminal, and never where `NO_COLOR` is
/// set (no-color.org).
pub fn enabled() -> bool {
    stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
