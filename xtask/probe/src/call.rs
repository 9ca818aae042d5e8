//! System calls made by number, so that a check sees which of them are refused.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;

use nix::errno::Errno;
use nix::libc;
use nix::sys::stat::{Mode, SFlag, makedev, mknod};

/// `NAME=NUMBER[:ARGUMENT…]`: makes the call, and gives `ok` or the name of its errno.
/// Arguments that are not named are 0, so that a call that is let through fails too,
/// mostly with `EFAULT`, and changes nothing.
pub fn make(request: &str) -> String {
    let numbers = request.split_once('=').map_or("", |(_, numbers)| numbers);
    let mut numbers = numbers.split(':').map(|number| number.parse::<libc::c_long>().unwrap_or(-1));
    let number = numbers.next().unwrap_or(-1);
    let mut arguments = [0; 6];
    arguments.iter_mut().zip(numbers).for_each(|(to, from)| *to = from);
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: the check chooses calls that touch no memory of the probe with these arguments.
    answer(unsafe { libc::syscall(number, a, b, c, d, e, f) })
}

/// Makes a call of 32-bit x86 without arguments, by its number there.
#[cfg(target_arch = "x86_64")]
pub fn make_32(number: u64) -> String {
    let mut register = number;
    // SAFETY: the kernel changes rax and, on old versions, r8 to r11; the check chooses a
    // call that touches no memory.
    unsafe {
        std::arch::asm!("int 0x80", inlateout("rax") register, out("r8") _, out("r9") _, out("r10") _, out("r11") _);
    }
    answer_of(i64::from(register as i32))
}

#[cfg(not(target_arch = "x86_64"))]
pub fn make_32(_: u64) -> String {
    "error: not x86-64".into()
}

#[cfg(target_arch = "x86_64")]
fn answer_of(result: i64) -> String {
    if result < 0 { format!("{:?}", Errno::from_raw(-result as i32)) } else { "ok".into() }
}

fn answer(result: libc::c_long) -> String {
    match Errno::result(result) {
        Ok(_) => "ok".into(),
        Err(errno) => format!("{errno:?}"),
    }
}

/// `KIND:MAJOR:MINOR:ACCESS:PATH`: makes a node at the path and opens it, `r` or `w`.
pub fn open_device(request: &str) -> String {
    let words: Vec<&str> = request.splitn(5, ':').collect();
    let [kind, major, minor, access, path] = words[..] else { return "error: KIND:MAJOR:MINOR:ACCESS:PATH".into() };
    let number = |text: &str| text.parse().unwrap_or(0);
    let kind = if kind == "b" { SFlag::S_IFBLK } else { SFlag::S_IFCHR };
    if let Err(errno) = mknod(path, kind, Mode::S_IRWXU, makedev(number(major), number(minor))) {
        return format!("mknod: {errno:?}");
    }
    let opened = OpenOptions::new()
        .read(access == "r")
        .write(access == "w")
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
        .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)));
    let _ = std::fs::remove_file(path);
    opened.map_or_else(|errno| format!("open: {errno:?}"), |_| "opened".into())
}

/// Looks for a key by its description in the session keyring: keyctl(2).
pub fn find_key(description: &str) -> String {
    let Ok(description) = std::ffi::CString::new(description) else { return "error: a zero byte".into() };
    let (search, session) = (libc::KEYCTL_SEARCH, libc::KEY_SPEC_SESSION_KEYRING);
    // SAFETY: both strings end with a zero byte and outlive the call.
    let found = unsafe { libc::syscall(libc::SYS_keyctl, search, session, c"user".as_ptr(), description.as_ptr(), 0) };
    if found > 0 { "found".into() } else { answer(found) }
}
