//! What standard input and output are: a terminal or none, and of which size.

use std::io::{IsTerminal, stdin, stdout};
use std::os::fd::AsRawFd;

/// What a terminal that does not say so is taken to have.
const DEFAULT: (usize, usize) = (80, 24);

/// Whether somebody can press keys.
pub fn has_keys() -> bool {
    stdin().is_terminal() && stdout().is_terminal()
}

/// Columns and rows, as they are now.
pub fn size() -> (usize, usize) {
    // SAFETY: `winsize` is plain old data, for which all zeroes is a valid value.
    let mut size: nix::libc::winsize = unsafe { std::mem::zeroed() };
    // SAFETY: the descriptor is open and the structure outlives the call, which fills
    // it (ioctl_tty(2)).
    let result = unsafe { nix::libc::ioctl(stdout().as_raw_fd(), nix::libc::TIOCGWINSZ, &mut size) };
    let usable = result == 0 && size.ws_col > 20 && size.ws_row > 4;
    if usable { (size.ws_col.into(), size.ws_row.into()) } else { DEFAULT }
}
