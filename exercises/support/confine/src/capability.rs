//! Capabilities by name, and the system calls that read and change them.

use std::fmt;
use std::str::FromStr;

use nix::errno::Errno;
use nix::libc::{SYS_capget, SYS_capset, c_int, c_ulong, syscall};
use sys::{Context, Result};

/// By number, without `CAP_`: capabilities(7), linux/capability.h.
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// A set of capabilities, a bit for each, as `/proc/PID/status` shows it in hexadecimal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CapSet(u64);

impl CapSet {
    /// No capability.
    pub const NONE: Self = Self(0);
    /// Every capability that this table has a name for.
    pub const ALL: Self = Self((1 << NAMES.len()) - 1);
    /// What Docker and Podman leave to root in a container: 14 of 41.
    pub const DEFAULT: Self = Self(0xa804_25fb);

    /// A set from its bits.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The set as a number, bit n for capability n.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether the capability with this number is in the set.
    pub const fn contains(self, number: u32) -> bool {
        number < u64::BITS && self.0 & (1 << number) != 0
    }

    /// Whether the capability with this name, such as `CAP_CHOWN`, is in the set. One that
    /// nobody knows is in none.
    pub fn contains_name(self, name: &str) -> bool {
        name.parse::<Self>().is_ok_and(|one| one != Self::NONE && one.intersection(self) == one)
    }

    /// What is in either of the two.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both of the two.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this set and not in `other`.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The name of a capability, such as `CAP_CHOWN` for 0.
    pub fn name(number: u32) -> Option<String> {
        NAMES.get(number as usize).map(|name| format!("CAP_{name}"))
    }
}

impl FromStr for CapSet {
    type Err = String;

    /// Reads `ALL`, `NONE`, `DEFAULT`, or names separated by commas, with or without `CAP_`,
    /// in any case.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        text.split(',').filter(|name| !name.is_empty()).try_fold(Self::NONE, |set, name| {
            let upper = name.to_ascii_uppercase();
            let one = match upper.strip_prefix("CAP_").unwrap_or(&upper) {
                "ALL" => Self::ALL,
                "NONE" => Self::NONE,
                "DEFAULT" => Self::DEFAULT,
                short => match NAMES.iter().position(|known| *known == short) {
                    Some(number) => Self(1 << number),
                    None => return Err(format!("'{name}' is not a capability: see capabilities(7)")),
                },
            };
            Ok(set.union(one))
        })
    }
}

impl fmt::Display for CapSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The three sets that capget(2) and capset(2) carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CapState {
    /// What the kernel checks now.
    pub effective: CapSet,
    /// What may be made effective.
    pub permitted: CapSet,
    /// What a program with file capabilities may receive through execve(2).
    pub inheritable: CapSet,
}

/// `_LINUX_CAPABILITY_VERSION_3`: two words for each set.
const VERSION: u32 = 0x2008_0522;

#[repr(C)]
struct Header {
    version: u32,
    pid: c_int,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Words {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

impl CapState {
    /// Reads the sets of this thread.
    ///
    /// # Errors
    /// capget(2).
    pub fn read() -> Result<Self> {
        let header = Header { version: VERSION, pid: 0 };
        let mut words = [Words::default(); 2];
        // SAFETY: version 3 of the call reads the header and fills two structures.
        let result = unsafe { syscall(SYS_capget, &header, words.as_mut_ptr()) };
        Errno::result(result).call("capget")?;
        let join = |word: fn(&Words) -> u32| CapSet(u64::from(word(&words[1])) << 32 | u64::from(word(&words[0])));
        Ok(Self {
            effective: join(|words| words.effective),
            permitted: join(|words| words.permitted),
            inheritable: join(|words| words.inheritable),
        })
    }

    /// Gives this thread these sets.
    ///
    /// # Errors
    /// `EPERM` for a capability that is not in the permitted set now.
    pub fn write(self) -> Result<()> {
        let header = Header { version: VERSION, pid: 0 };
        let word = |shift: u32| Words {
            effective: (self.effective.0 >> shift) as u32,
            permitted: (self.permitted.0 >> shift) as u32,
            inheritable: (self.inheritable.0 >> shift) as u32,
        };
        let words = [word(0), word(32)];
        // SAFETY: version 3 of the call reads the header and two structures.
        let result = unsafe { syscall(SYS_capset, &header, words.as_ptr()) };
        Errno::result(result).map(drop).call("capset")
    }
}

/// prctl(2) for the options whose arguments are numbers; gives its result.
///
/// The kernel refuses unused arguments that are not zero, so all five are passed.
///
/// # Errors
/// As the manual page lists them for the option.
pub fn prctl(option: c_int, second: u64, third: u64) -> nix::Result<c_int> {
    // SAFETY: every option that takes numbers leaves our memory alone; one that takes a
    // pointer gets a number that is not mapped, and fails with EFAULT.
    let result = unsafe { nix::libc::prctl(option, second as c_ulong, third as c_ulong, 0 as c_ulong, 0 as c_ulong) };
    Errno::result(result)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

    use super::*;

    #[test]
    fn names_and_bits_agree() {
        assert_eq!("chown,CAP_NET_RAW".parse::<CapSet>().unwrap().bits(), 1 | 1 << 13);
        assert_eq!("CHECKPOINT_RESTORE".parse::<CapSet>().unwrap().bits(), 1 << 40);
        assert_eq!("".parse::<CapSet>().unwrap(), CapSet::NONE);
        assert!("CAP_NOTHING".parse::<CapSet>().is_err());
        let docker = "chown,dac_override,fowner,fsetid,kill,setgid,setuid,setpcap,net_bind_service,net_raw,\
                      sys_chroot,mknod,audit_write,setfcap";
        assert_eq!(docker.parse::<CapSet>().unwrap(), CapSet::DEFAULT);
        assert_eq!(CapSet::DEFAULT.to_string(), "00000000a80425fb");
    }
}
