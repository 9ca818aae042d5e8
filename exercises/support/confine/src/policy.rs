//! What is answered to each call, once it is decided.

use std::collections::BTreeMap;

/// The answer to a system call: seccomp(2), "Filter return values".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The kernel carries the call out.
    Allow,
    /// The call fails with this errno, and does nothing.
    Errno(u16),
    /// The whole process ends with SIGSYS.
    KillProcess,
    /// The thread ends with SIGSYS.
    KillThread,
    /// The thread is sent a SIGSYS that it can catch.
    Trap,
    /// The kernel writes the call to its log, and carries it out.
    Log,
}

impl Action {
    /// The number that a filter returns for it.
    pub const fn code(self) -> u32 {
        use nix::libc::{
            SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_LOG,
            SECCOMP_RET_TRAP,
        };
        match self {
            Self::Allow => SECCOMP_RET_ALLOW,
            Self::Errno(errno) => SECCOMP_RET_ERRNO | errno as u32,
            Self::KillProcess => SECCOMP_RET_KILL_PROCESS,
            Self::KillThread => SECCOMP_RET_KILL_THREAD,
            Self::Trap => SECCOMP_RET_TRAP,
            Self::Log => SECCOMP_RET_LOG,
        }
    }
}

/// How an argument is compared, both sides as unsigned numbers of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `argument == value`
    Equal,
    /// `argument != value`
    NotEqual,
    /// `argument < value`
    Less,
    /// `argument <= value`
    LessOrEqual,
    /// `argument > value`
    Greater,
    /// `argument >= value`
    GreaterOrEqual,
}

/// Something that must hold of one argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Which argument, from 0 to 5.
    pub argument: u8,
    /// The bits that count.
    pub mask: u64,
    /// How the masked argument is compared.
    pub comparison: Comparison,
    /// What it is compared with.
    pub value: u64,
}

/// One answer to one call, if all conditions hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The answer.
    pub action: Action,
    /// What must hold of the arguments; empty if they do not matter.
    pub conditions: Vec<Condition>,
}

/// The answers to all calls, by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The answer where no rule matches.
    pub default_action: Action,
    /// The rules for a call; the first that matches counts.
    pub calls: BTreeMap<u32, Vec<Rule>>,
}

impl Policy {
    /// A policy without rules.
    pub const fn new(default_action: Action) -> Self {
        Self { default_action, calls: BTreeMap::new() }
    }

    /// A policy that lets everything pass but these calls, which fail with `EPERM`.
    pub fn refusing(numbers: impl IntoIterator<Item = u32>) -> Self {
        let refusal = || vec![Rule { action: Action::Errno(1), conditions: Vec::new() }];
        let calls = numbers.into_iter().map(|number| (number, refusal())).collect();
        Self { default_action: Action::Allow, calls }
    }
}

/// The number of a call on this machine; `None` if this architecture has no such call.
pub fn call_number(name: &str) -> Option<u32> {
    // An older name for the same call.
    let name = if name == "umount" { "umount2" } else { name };
    name.parse::<syscalls::Sysno>().ok().map(|call| call.id().cast_unsigned())
}

/// Whether this is the machine's architecture, by the name that Go has for it.
pub fn is_native(architecture: &str) -> bool {
    architecture
        == match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        }
}
