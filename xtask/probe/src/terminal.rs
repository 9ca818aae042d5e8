//! The terminal at standard input.

use std::io::stdin;
use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::libc::{TIOCGWINSZ, winsize};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{getpid, tcgetpgrp, ttyname};

/// The terminal's name, and whether its keys' signals come to this process.
pub fn name() -> String {
    let name = match ttyname(stdin()) {
        Ok(name) => name.display().to_string(),
        Err(errno) => return format!("error: {errno}"),
    };
    match tcgetpgrp(stdin()) {
        Ok(group) if group == getpid() => format!("{name} controlling"),
        _ => name,
    }
}

/// Rows and columns: `24x80`.
pub fn size() -> String {
    let mut size = winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: standard input is open, and the kernel fills the structure it expects.
    let asked = unsafe { nix::libc::ioctl(stdin().as_fd().as_raw_fd(), TIOCGWINSZ, &mut size) };
    match Errno::result(asked) {
        Ok(_) => format!("{}x{}", size.ws_row, size.ws_col),
        Err(errno) => format!("error: {errno}"),
    }
}

/// Waits until SIGWINCH comes and the size is another, three seconds at most.
pub fn resized() -> String {
    let before = size();
    let set = SigSet::from_iter([Signal::SIGWINCH, Signal::SIGALRM]);
    if let Err(errno) = set.thread_block() {
        return format!("error: {errno}");
    }
    println!("ready resized");
    nix::unistd::alarm::set(3);
    loop {
        match set.wait() {
            Ok(Signal::SIGALRM) => return format!("still {before} after 3 s"),
            Ok(_) if size() == before => {}
            Ok(_) => return size(),
            Err(errno) => return format!("error: {errno}"),
        }
    }
}
