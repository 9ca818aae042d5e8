//! Steps 3 and 4: mounts that nobody else sees, and a root that has no outside.

use std::path::Path;

use nix::sched::{CloneFlags, unshare};

use sys::{Error, Result};

/// Makes every mount of this mount namespace private: from now on no mount or
/// unmount in here shows up in another namespace, nor the other way round.
///
/// A new mount namespace is a copy, but on most systems systemd has made `/` a
/// *shared* mount, and shared mounts stay in touch with their copies: what is
/// mounted in here appears out there. So call this first, in a new mount
/// namespace, before anything is mounted.
///
/// See mount_namespaces(7), "Shared subtrees"; mount(2), `MS_PRIVATE`.
pub fn private_mounts() -> Result<()> {
    // ANCHOR: private_mounts
    use nix::mount::{MsFlags, mount};

    // Only the propagation changes; source, type and options play no part.
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).map_err(|errno| Error::at("mount", "/", errno))
    // ANCHOR_END: private_mounts
}

/// Makes `rootfs` the root of this mount namespace, with a `/proc` for this pid
/// namespace, and detaches the old root.
///
/// chroot(2) only moves a process's root; the old tree stays around it.
/// pivot_root(2) exchanges the mount at `/` itself. Once the old one is
/// detached, there is no path, no `..` and no descriptor that leads to it.
///
/// 1. The new root must be a mount, so it is bound onto itself.
/// 2. `rootfs/proc`, which must exist, gets a new proc file system. It shows the
///    pid namespace of whoever mounts it. It comes before the exchange, because
///    in a user namespace the kernel allows it only while another is in sight.
/// 3. pivot_root(".", ".") puts the old root on top of the new one, at the same
///    place, and umount2(2) with `MNT_DETACH` takes it off again, busy or not.
///
/// The mounts must be private ([`private_mounts`]): the kernel answers `EINVAL`
/// to a shared one, and to a new root that is no mount point. See
/// pivot_root(2), "pivot_root(".", ".")"; mount_namespaces(7).
pub fn pivot(rootfs: &Path) -> Result<()> {
    // ANCHOR: pivot
    use nix::mount::{MntFlags, MsFlags, mount, umount2};
    use nix::unistd::{chdir, pivot_root};

    let none = None::<&str>;
    mount(Some(rootfs), rootfs, none, MsFlags::MS_BIND | MsFlags::MS_REC, none)
        .map_err(|errno| Error::at("mount", rootfs, errno))?;
    // From here on every path is relative to the mount just made.
    chdir(rootfs).map_err(|errno| Error::at("chdir", rootfs, errno))?;

    let safe = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), "proc", Some("proc"), safe, none).map_err(|errno| Error::at("mount", "proc", errno))?;

    pivot_root(".", ".").map_err(|errno| Error::at("pivot_root", rootfs, errno))?;
    umount2(".", MntFlags::MNT_DETACH).map_err(|errno| Error::at("umount2", "old root", errno))?;
    chdir("/").map_err(|errno| Error::at("chdir", "/", errno))
    // ANCHOR_END: pivot
}

/// Gives this process mounts of its own, as root or as anybody.
///
/// A program that mounts calls this first. Nothing that it mounts is then seen
/// on the host, and everything is gone when it ends, however it ends. Call it
/// while the process has one thread; afterwards the user id is 0, in here.
pub fn own_mounts() -> Result<()> {
    if !nix::unistd::geteuid().is_root() {
        crate::become_root()?;
    }
    unshare(CloneFlags::CLONE_NEWNS).map_err(|errno| Error::new("unshare", errno))?;
    private_mounts()
}
