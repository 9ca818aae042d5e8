//! Limits as people write them, and as the kernel wants them.

use crate::{Error, Result};

/// The least memory that is accepted, in bytes: 6 MiB. With less, not even a
/// small program starts, and the kill looks like a fault of the program.
pub const MEMORY_LEAST: u64 = 6 << 20;

/// The period over which CPU time is counted, in microseconds: the kernel's default.
pub const CPU_PERIOD: u64 = 100_000;

/// What a group may use; `None` means as much as its parent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// Bytes of memory, swap not on top of it.
    pub memory: Option<u64>,
    /// CPUs, such as 0.5: half of one CPU's time in each period.
    pub cpus: Option<f64>,
    /// Processes and threads that may exist at once.
    pub pids: Option<u64>,
}

impl Limits {
    /// The limit on CPU time in microseconds per [`CPU_PERIOD`].
    pub fn quota(&self) -> Option<u64> {
        self.cpus.map(|cpus| (cpus * CPU_PERIOD as f64).round() as u64)
    }
}

/// Reads a memory limit: a whole number of bytes, or one with a unit of `b`, `k`,
/// `m` or `g` in either case, each 1024 times the one before.
///
/// # Errors
/// [`Error::Limit`] for anything else, for a number that does not fit into 64
/// bits, and for less than [`MEMORY_LEAST`].
pub fn parse_memory(text: &str) -> Result<u64> {
    // ANCHOR: parse_memory
    let _ = &text; // what you have to work with
    todo!("ch3 step 1: read a memory limit as people write it")
    // ANCHOR_END: parse_memory
}

/// Reads a CPU limit: a decimal number of CPUs, such as `0.5` or `2`.
///
/// # Errors
/// [`Error::Limit`] for anything else, and for less than 0.01: the kernel takes
/// no quota below one millisecond.
pub fn parse_cpus(text: &str) -> Result<f64> {
    let refuse = |why| Error::Limit { text: text.to_owned(), why };
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(refuse("write a number of CPUs, as in 0.5"));
    }
    match text.parse() {
        Ok(cpus) if cpus < 0.01 => Err(refuse("the least is 0.01, a millisecond in each tenth of a second")),
        Ok(cpus) if cpus > 100_000.0 => Err(refuse("no machine has so many CPUs")),
        Ok(cpus) => Ok(cpus),
        Err(_) => Err(refuse("write a number of CPUs, as in 0.5")),
    }
}

/// Reads a limit on processes: a whole number of at least one.
///
/// # Errors
/// [`Error::Limit`] for anything else.
pub fn parse_pids(text: &str) -> Result<u64> {
    match text.parse() {
        Ok(pids) if pids > 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(pids),
        _ => Err(Error::Limit { text: text.to_owned(), why: "write a whole number of at least 1" }),
    }
}

/// The size of a page: the kernel counts memory in whole pages, and rounds a
/// limit down to one (see `memory.max` in the kernel's cgroup-v2 guide).
///
/// # Errors
/// The errno of sysconf(3).
pub fn page_size() -> Result<u64> {
    use nix::unistd::{SysconfVar, sysconf};
    match sysconf(SysconfVar::PAGE_SIZE) {
        Ok(Some(size)) => Ok(size.unsigned_abs()),
        Ok(None) => Ok(4096),
        Err(errno) => Err(Error::file("read", "sysconf(_SC_PAGESIZE)", errno.into())),
    }
}
