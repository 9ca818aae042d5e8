//! The keys of a demo.

use std::io::stdin;
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::read;

use xtask::error::{Error, Result};

/// What the instructor wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Go,
    Skip,
    Back,
    Jump,
    Shell,
    Help,
    Leave,
    /// A digit, which has a meaning where a number is asked for.
    Digit(char),
    /// Takes the last digit back.
    Erase,
}

/// What `?` shows.
pub const HELP: &str = "\
Enter, Space   run the command; then go on
n, Right       skip: run the next command unseen
b, Left        back to the command before, and to the state that it had
j              jump to a step, by its number
s              a shell in this state; `exit` comes back
q, Ctrl-C      leave; everything is removed";

/// Reads the key that was pressed; `None` for one that means nothing here. Others that
/// were pressed since stay to be read.
pub fn read_key() -> Result<Option<Key>> {
    let mut bytes = [0; 3];
    let mut count = read_some(&mut bytes[..1])?;
    // A cursor key is three bytes, which come together.
    while bytes[0] == 0x1b && count < bytes.len() && is_more()? {
        match read_some(&mut bytes[count..count + 1])? {
            0 => break,
            more => count += more,
        }
    }
    Ok(meaning(&bytes[..count]))
}

fn read_some(bytes: &mut [u8]) -> Result<usize> {
    loop {
        return match read(stdin(), bytes) {
            // A terminal that was closed: EIO, or the end.
            Err(Errno::EIO) => Ok(0),
            Err(Errno::EINTR) => continue,
            other => other.map_err(Error::call("read")),
        };
    }
}

fn is_more() -> Result<bool> {
    let input = stdin();
    let mut ready = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
    poll(&mut ready, PollTimeout::ZERO).map(|count| count > 0).map_err(Error::call("poll"))
}

fn meaning(bytes: &[u8]) -> Option<Key> {
    match bytes {
        [b'\r' | b'\n' | b' '] => Some(Key::Go),
        [b'n' | b'N'] | [0x1b, b'[' | b'O', b'C'] => Some(Key::Skip),
        [b'b' | b'B'] | [0x1b, b'[' | b'O', b'D'] => Some(Key::Back),
        [b'j' | b'J'] => Some(Key::Jump),
        [b's' | b'S'] => Some(Key::Shell),
        [b'?' | b'h'] => Some(Key::Help),
        [8 | 127] => Some(Key::Erase),
        [digit @ b'0'..=b'9'] => Some(Key::Digit(char::from(*digit))),
        // Ctrl-C and Ctrl-D; nothing at all is a closed terminal.
        [] | [b'q' | b'Q' | 3 | 4] => Some(Key::Leave),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_their_meaning() {
        for (bytes, key) in [
            (&b"\r"[..], Some(Key::Go)),
            (b"\x1b[C", Some(Key::Skip)),
            (b"\x1bOD", Some(Key::Back)),
            (b"7", Some(Key::Digit('7'))),
            (b"\x03", Some(Key::Leave)),
            (b"", Some(Key::Leave)),
            (b"x", None),
            (b"\x1b", None),
        ] {
            assert_eq!(meaning(bytes), key, "{bytes:?}");
        }
    }
}
