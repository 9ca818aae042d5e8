//! A terminal for galley itself, with the test at its keys.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use nix::libc::{TIOCSCTTY, TIOCSWINSZ};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{OpenptyResult, Winsize, openpty};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::setsid;

nix::ioctl_write_int_bad!(set_controlling_terminal, TIOCSCTTY);
nix::ioctl_write_ptr_bad!(set_window_size, TIOCSWINSZ, Winsize);

/// Long enough for a slow machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running galley and the screen before it.
pub struct Screen {
    master: File,
    child: Child,
    text: String,
}

impl Screen {
    pub fn start(mut command: Command, rows: u16, columns: u16) -> Self {
        let OpenptyResult { master, slave } = openpty(&window(rows, columns), None).unwrap();
        let stream = || slave.try_clone().unwrap();
        command.stdin(stream()).stdout(stream()).stderr(stream());
        // SAFETY: two system calls; nothing is allocated between fork and exec.
        unsafe {
            command.pre_exec(|| {
                setsid()?;
                set_controlling_terminal(0, 0)?;
                Ok(())
            });
        }
        Self { master: master.into(), child: command.spawn().unwrap(), text: String::new() }
    }

    /// Galley's process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn type_in(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    /// Reads until the text is on the screen.
    pub fn wait_for(&mut self, text: &str) {
        while !self.text.contains(text) {
            assert!(self.read(), "the screen never shows '{text}':\n{}", self.text);
        }
    }

    /// Reads until nobody has the terminal any more; returns all that was shown.
    pub fn rest(&mut self) -> String {
        while self.read() {}
        self.text.clone()
    }

    /// Whether there was something: EIO says that every slave is closed.
    fn read(&mut self) -> bool {
        let timeout = PollTimeout::try_from(PATIENCE).unwrap();
        let ready = poll(&mut [PollFd::new(self.master.as_fd(), PollFlags::POLLIN)], timeout).unwrap();
        assert!(ready > 0, "nothing happens on the screen any more:\n{}", self.text);
        let mut buffer = [0; 4096];
        match self.master.read(&mut buffer) {
            Ok(0) | Err(_) => false,
            Ok(read) => {
                self.text.push_str(&String::from_utf8_lossy(&buffer[..read]));
                true
            }
        }
    }

    /// The exit code of galley; none if a signal ended it.
    pub fn code(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Whether keys are handed on one by one, without an echo.
    pub fn is_raw(&self) -> bool {
        let flags = tcgetattr(&self.master).unwrap().local_flags;
        !flags.intersects(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG)
    }

    /// The program may print before galley has taken the keys: there is no event
    /// for that, so this asks again and again.
    pub fn wait_until_raw(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !self.is_raw() {
            assert!(Instant::now() < deadline, "galley never takes the keys");
            std::thread::yield_now();
        }
    }

    pub fn resize(&self, rows: u16, columns: u16) {
        // SAFETY: the descriptor is open, and the kernel only reads the structure.
        unsafe { set_window_size(self.master.as_raw_fd(), &window(rows, columns)) }.unwrap();
    }
}

impl Drop for Screen {
    /// A test that fails half-way must not leave its galley behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn window(rows: u16, columns: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}
