//! Limits as people write them, and in the units of the kernel.

use sys::Context;

use crate::{Error, Result};

/// The smallest memory limit, in bytes: 6 MiB. With less, not even a small program
/// starts, and the kill would look like a fault of the program.
pub const MIN_MEMORY: u64 = 6 << 20;

/// The period over which CPU time is counted, in microseconds: the kernel's default.
pub const CPU_PERIOD: u64 = 100_000;

/// What a group may use; `None` means as much as its parent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// Bytes of memory, without swap on top.
    pub memory: Option<u64>,
    /// CPUs, such as 0.5: half of one CPU's time in each period.
    pub cpus: Option<f64>,
    /// Processes and threads that may exist at once.
    pub pids: Option<u64>,
}

impl Limits {
    /// Reads `--memory 64m`, `--cpus 0.5` and `--pids 20` in front of other words, and
    /// returns the words behind them.
    ///
    /// # Errors
    /// [`Error::Limit`]
    pub fn from_options<'a>(mut words: &'a [&'a str]) -> Result<(Self, &'a [&'a str])> {
        let mut limits = Self::default();
        while let [option @ ("--memory" | "--cpus" | "--pids"), text, rest @ ..] = words {
            match *option {
                "--memory" => limits.memory = Some(parse_memory(text)?),
                "--cpus" => limits.cpus = Some(parse_cpus(text)?),
                _ => limits.pids = Some(parse_pids(text)?),
            }
            words = rest;
        }
        Ok((limits, words))
    }

    /// The limit on CPU time in microseconds per [`CPU_PERIOD`].
    pub fn quota(&self) -> Option<u64> {
        self.cpus.map(|cpus| (cpus * CPU_PERIOD as f64).round() as u64)
    }
}

/// Reads a memory limit in bytes, such as `64m` ([`sys::parse_size`]).
///
/// # Errors
/// [`Error::Limit`] for what is not an amount, and for less than [`MIN_MEMORY`].
pub fn parse_memory(text: &str) -> Result<u64> {
    match sys::parse_size(text) {
        Ok(bytes) if bytes < MIN_MEMORY => Err(refuse(text, "no program starts in less than 6m")),
        Ok(bytes) => Ok(bytes),
        Err(why) => Err(refuse(text, why)),
    }
}

fn refuse(text: &str, why: &'static str) -> Error {
    Error::Limit { text: text.to_owned(), why }
}

/// Reads a CPU limit: a decimal number of CPUs, such as `0.5` or `2`.
///
/// # Errors
/// [`Error::Limit`] for anything else, and for less than 0.01: the kernel takes
/// no quota below one millisecond.
pub fn parse_cpus(text: &str) -> Result<f64> {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(refuse(text, "write a number of CPUs, as in 0.5"));
    }
    match text.parse() {
        Ok(cpus) if cpus < 0.01 => Err(refuse(text, "the least is 0.01, a millisecond in each tenth of a second")),
        Ok(cpus) if cpus > 100_000.0 => Err(refuse(text, "no machine has that many CPUs")),
        Ok(cpus) => Ok(cpus),
        Err(_) => Err(refuse(text, "write a number of CPUs, as in 0.5")),
    }
}

/// Reads a limit on processes: a whole number of at least one.
///
/// # Errors
/// [`Error::Limit`] for anything else.
pub fn parse_pids(text: &str) -> Result<u64> {
    match text.parse() {
        Ok(pids) if pids > 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(pids),
        _ => Err(refuse(text, "write a whole number of at least 1")),
    }
}

/// The size of a page: the kernel counts memory in whole pages, and rounds a
/// limit down to one (see `memory.max` in the kernel's cgroup-v2 guide).
///
/// # Errors
/// The errno of sysconf(3).
pub fn page_size() -> Result<u64> {
    use nix::unistd::{SysconfVar, sysconf};
    let size = sysconf(SysconfVar::PAGE_SIZE).call("sysconf")?;
    Ok(size.map_or(4096, i64::unsigned_abs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_cannot_keep_is_refused() {
        assert_eq!(parse_memory("6m").ok(), Some(MIN_MEMORY));
        for text in ["5m", "6291455", "0", "64x"] {
            assert!(matches!(parse_memory(text), Err(Error::Limit { text: shown, .. }) if shown == text), "{text}");
        }
        assert_eq!(parse_cpus("0.5").ok(), Some(0.5));
        assert!(["0", "0.001", "-1", "1e5", "", "nan"].iter().all(|text| parse_cpus(text).is_err()));
        assert_eq!(parse_pids("20").ok(), Some(20));
        assert!(["0", "+1", "-1", ""].iter().all(|text| parse_pids(text).is_err()));
    }
}
