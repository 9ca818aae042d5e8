//! The terminal at standard input.

use std::io::stdin;
use std::os::fd::{AsFd, AsRawFd};

use nix::errno::Errno;
use nix::libc::{TIOCGWINSZ, winsize};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{getpid, tcgetpgrp, ttyname};

use crate::answer::Answer;

/// The terminal's name, and whether its keys' signals come to this process.
pub fn name() -> Answer {
    let name = ttyname(stdin())?.display().to_string();
    let controlling = tcgetpgrp(stdin()).is_ok_and(|group| group == getpid());
    Ok(if controlling { format!("{name} controlling") } else { name })
}

/// Rows and columns: `24x80`.
pub fn size() -> Answer {
    let mut size = winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: standard input is open, and the kernel fills the structure it expects.
    Errno::result(unsafe { nix::libc::ioctl(stdin().as_fd().as_raw_fd(), TIOCGWINSZ, &mut size) })?;
    Ok(format!("{}x{}", size.ws_row, size.ws_col))
}

/// Waits until SIGWINCH comes and the size has changed, three seconds at most.
pub fn resized() -> Answer {
    let before = size()?;
    let set = SigSet::from_iter([Signal::SIGWINCH, Signal::SIGALRM]);
    set.thread_block()?;
    println!("ready resized");
    nix::unistd::alarm::set(3);
    loop {
        let signal = set.wait()?;
        let now = size()?;
        if signal == Signal::SIGALRM {
            return Ok(format!("still {before} after 3 s"));
        }
        if now != before {
            return Ok(now);
        }
    }
}
