//! Steps 3 and 4: mounts that nobody else sees, and a root that has no outside.

use std::path::Path;

use nix::sched::{CloneFlags, unshare};
use sys::{Context, Result};

/// Makes every mount of this mount namespace private: from now on no mount or unmount in
/// here shows up in another namespace, nor the other way round.
///
/// A new mount namespace is a copy. But on most systems systemd has made `/` a *shared*
/// mount, and shared mounts stay in touch with their copies: what is mounted in here
/// appears out there. So call this first in a new mount namespace, before anything is
/// mounted.
///
/// # Errors
/// `EPERM` without `CAP_SYS_ADMIN` over the mount namespace. See mount_namespaces(7),
/// "Shared subtrees"; mount(2), `MS_PRIVATE`.
pub fn make_mounts_private() -> Result<()> {
    // ANCHOR: make_mounts_private
    todo!("ch2 step 3: keep mounts to yourself")
    // ANCHOR_END: make_mounts_private
}

/// Makes `rootfs` the root of this mount namespace, with a `/proc` for this pid namespace,
/// and detaches the old root.
///
/// chroot(2) only moves a process's root; the old tree stays around it. pivot_root(2)
/// exchanges the mount at `/` itself. Once the old one is detached, no path, no `..` and
/// no descriptor leads to it.
///
/// 1. The new root must be a mount, so it is bound onto itself.
/// 2. `rootfs/proc`, which must exist, gets a new proc file system. It shows the pid
///    namespace of the process that mounts it. It comes before the exchange, because in
///    a user namespace the kernel allows it only while another one is visible.
/// 3. pivot_root(".", ".") puts the old root on top of the new one, at the same path, and
///    umount2(2) with `MNT_DETACH` takes it off again, busy or not.
///
/// # Errors
/// `EINVAL` if a mount involved is shared ([`make_mounts_private`]) or the new root is
/// not a mount point. See pivot_root(2), "pivot_root(".", ".")"; mount_namespaces(7).
pub fn pivot(rootfs: &Path) -> Result<()> {
    // ANCHOR: pivot
    let _ = &rootfs; // what you have to work with
    todo!("ch2 step 4: swap the root and detach the old one")
    // ANCHOR_END: pivot
}

/// Moves this process into a new mount namespace, as root or as any other user.
///
/// A program that mounts calls this first. The host then sees none of its mounts, and all
/// of them are gone when it ends, however it ends. Call it while the process has one
/// thread; a user who is not root has the user id 0 afterward, inside.
///
/// # Errors
/// Those of [`crate::map_root_user`] and [`make_mounts_private`].
pub fn unshare_mounts() -> Result<()> {
    if !nix::unistd::geteuid().is_root() {
        crate::map_root_user()?;
    }
    unshare(CloneFlags::CLONE_NEWNS).call("unshare")?;
    make_mounts_private()
}
