//! Given: the steps in the one order that works.

use std::path::Path;

use confine::{CapSet, MASKED_PATHS, Profile, READ_ONLY_PATHS};
use nix::sys::resource::{Resource, setrlimit};
use sys::{Context, Result};

use crate::{Ids, drop_inherited, install_filter, limit_capabilities, mask_paths, select_rules, switch_user};

/// What a container is protected by.
#[derive(Clone, Debug)]
pub struct Protection {
    /// The capabilities that root inside has at most.
    pub capabilities: CapSet,
    /// Whether set-user-ID programs give nothing.
    pub no_new_privileges: bool,
    /// Which system calls are let through; all of them if there is none.
    pub seccomp: Option<Profile>,
    /// Whether files of `/proc` and `/sys` are covered.
    pub mask_paths: bool,
}

/// Takes everything away from this process that `protection` says, and makes it `ids`.
///
/// It runs inside the container, right before its program, and each line needs a right that
/// a later one takes: mounting takes `CAP_SYS_ADMIN`, and so does a filter without
/// no_new_privs; changing the user takes `CAP_SETUID`; dropping capabilities takes
/// `CAP_SETPCAP`. The filter must let through what comes after it.
///
/// # Errors
/// Those of the steps.
pub fn confine(protection: &Protection, ids: &Ids) -> Result<()> {
    // ANCHOR: confine
    if protection.mask_paths {
        let [masked, read_only] =
            [MASKED_PATHS, READ_ONLY_PATHS].map(|paths| paths.iter().map(Path::new).collect::<Vec<_>>());
        mask_paths(&masked, &read_only)?;
    }
    drop_inherited()?;
    // The kernel may hand a dump to a program of the host, as core_pattern(5) says. Nothing
    // inside can raise a hard limit again.
    setrlimit(Resource::RLIMIT_CORE, 0, 0).call("setrlimit RLIMIT_CORE")?;
    switch_user(ids, protection.no_new_privileges)?;
    if let Some(profile) = &protection.seccomp {
        install_filter(&select_rules(profile, protection.capabilities))?;
    }
    limit_capabilities(protection.capabilities)
    // ANCHOR_END: confine
}
