//! Step 2: not root any more, whatever is executed.

use nix::unistd::{Gid, Uid};
use sys::Result;

/// The ids that a container's program runs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    /// Real, effective and saved user id.
    pub uid: Uid,
    /// Real, effective and saved group id.
    pub gid: Gid,
    /// The supplementary groups.
    pub groups: Vec<Gid>,
}

/// Gives this thread the user and the groups of `ids`, and keeps its permitted capabilities.
///
/// Only root may change groups, so they come first. setresuid(2) sets all three user ids: a
/// saved id of 0 would be a way back. When the last of them stops being 0, the kernel clears
/// the capabilities, unless `PR_SET_KEEPCAPS` was set; the effective set it clears in any
/// case. The caller still needs them: they come back into force, until
/// [`limit_capabilities`](crate::limit_capabilities) or execve(2).
///
/// A program with the set-user-ID bit makes whoever starts it root again.
/// `no_new_privileges` promises the kernel that execve(2) never gives this thread, or what
/// it starts, anything that it does not have.
///
/// A user namespace that an ordinary user made forbids setgroups(2): `/proc/self/setgroups`
/// is then `deny`, and the groups stay.
///
/// # Errors
/// `EPERM` without `CAP_SETUID` and `CAP_SETGID`, `EINVAL` for an id that this user namespace
/// has no mapping for. See credentials(7), PR_SET_NO_NEW_PRIVS(2const).
pub fn switch_user(ids: &Ids, no_new_privileges: bool) -> Result<()> {
    // ANCHOR: switch_user
    use confine::{CapState, prctl};
    use nix::libc::{PR_SET_KEEPCAPS, PR_SET_NO_NEW_PRIVS};
    use nix::unistd::{setgroups, setresgid, setresuid};
    use sys::Context;

    let denied = std::fs::read_to_string("/proc/self/setgroups").is_ok_and(|text| text.trim() == "deny");
    if !denied {
        setgroups(&ids.groups).call("setgroups")?;
    }
    setresgid(ids.gid, ids.gid, ids.gid).call("setresgid")?;
    prctl(PR_SET_KEEPCAPS, 1, 0).call("prctl PR_SET_KEEPCAPS")?;
    setresuid(ids.uid, ids.uid, ids.uid).call("setresuid")?;
    let mut state = CapState::read()?;
    state.effective = state.permitted;
    state.write()?;
    if no_new_privileges {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0).call("prctl PR_SET_NO_NEW_PRIVS")?;
    }
    Ok(())
    // ANCHOR_END: switch_user
}
