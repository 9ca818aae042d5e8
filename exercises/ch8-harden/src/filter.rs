//! Steps 3 and 4: which system calls, and how the kernel is told.

use confine::{CapSet, Policy, Profile};
use sys::Result;

/// Decides from `profile` what is answered to each call in a container that keeps the
/// capabilities `keep`.
///
/// A rule counts if everything that it *includes* holds here: all of its capabilities are in
/// `keep`, this machine's architecture is one of its list, and the kernel is not older. It
/// does not count if anything that it *excludes* holds: one capability is enough. An empty
/// list says nothing. So `mount` comes back for a container with `CAP_SYS_ADMIN`, and the
/// kernel's own check decides.
///
/// Rules for one call stay in the order of the profile. A name that this architecture has no
/// call for is passed over: a profile is written for all of them.
///
/// See the runtime specification, config-linux, "Seccomp"; Docker's documentation, "Seccomp
/// security profiles".
pub fn select_rules(profile: &Profile, keep: CapSet) -> Policy {
    // ANCHOR: select_rules
    let _ = (&profile, &keep); // what you have to work with
    todo!("ch8 step 3: decide which system calls are made")
    // ANCHOR_END: select_rules
}

/// Makes the kernel answer every system call of this thread, and of all that it starts, as
/// `policy` says. There is no way to take a filter off again.
///
/// The filter is a program. It sees the call's number, its arguments, and the architecture
/// that the call was made for. Numbers mean different calls on different architectures: on
/// x86-64 any program can make calls of 32-bit x86 with `int 0x80`, where 21 is mount and not
/// access. So the filter looks at the architecture first, and ends a process that uses
/// another. [`confine::bpf::decide`] makes the rest of the program.
///
/// The kernel takes a filter only from a thread that cannot use it against set-user-ID
/// programs: one with `CAP_SYS_ADMIN` in its user namespace, or with no_new_privs. This
/// function does not set no_new_privs, because not every container wants that.
///
/// # Errors
/// `EACCES` without either of the two, `EINVAL` for a program that the kernel refuses. See
/// seccomp(2), `SECCOMP_SET_MODE_FILTER`.
pub fn install_filter(policy: &Policy) -> Result<()> {
    // ANCHOR: install_filter
    let _ = &policy; // what you have to work with
    todo!("ch8 step 4: let the kernel refuse the others")
    // ANCHOR_END: install_filter
}
