//! What is mounted below a root file system before a container enters it.
//!
//! [`populate`] mounts what every program expects, and then what the container asks for
//! ([`Mount`]). All of it happens before pivot_root(2): the host's device nodes are still
//! there to be bound, and a user namespace may still mount sysfs.

mod target;

use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::MsFlags;
use nix::unistd::symlinkat;
use sys::{Context, Result};
use target::{Kind, MountTarget};

/// Nothing in it is a device or a program, or changes the user.
const DEFAULT_FLAGS: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV).union(MsFlags::MS_NOEXEC);

/// What is mounted.
#[derive(Clone, Debug)]
pub enum MountSource {
    /// A file or directory of the host, by its path there (a bind mount).
    Host(PathBuf),
    /// An empty file system in memory, with options of tmpfs(5), such as `size=64m`.
    Tmpfs { flags: MsFlags, options: String },
}

/// A mount over the root file system.
#[derive(Clone, Debug)]
pub struct Mount {
    pub source: MountSource,
    /// The path inside; made if it is missing.
    pub target: PathBuf,
    /// Whether it can only be read from inside.
    pub read_only: bool,
}

/// Mounts `/sys`, `/dev` and then `mounts`, in their order, below `rootfs`, and makes the
/// mount point for `/proc`. With `read_only`, `/` itself can then only be read.
///
/// # Errors
/// `EPERM` outside a mount namespace that this process has power over, and those of
/// mount(2), mkdir(2) and open(2).
pub fn populate(rootfs: &Path, mounts: &[Mount], read_only: bool) -> Result<()> {
    let at = |path| MountTarget { rootfs, path };
    // Bound onto itself, the root has mount flags of its own.
    at(Path::new("/")).bind(rootfs)?;
    at(Path::new("/proc")).open(Kind::Directory)?;
    mount_sys(&at(Path::new("/sys")))?;
    mount_dev(rootfs)?;
    for Mount { source, target, read_only } in mounts {
        let target = at(target);
        match source {
            MountSource::Host(path) => target.bind(path)?,
            MountSource::Tmpfs { flags, options } => target.mount("tmpfs", *flags, options)?,
        }
        if *read_only {
            target.remount_read_only()?;
        }
    }
    if read_only { at(Path::new("/")).remount_read_only() } else { Ok(()) }
}

/// A sysfs shows the network namespace of the process that mounts it, so it must be new.
/// A user namespace that kept the host's network has no right to mount one of that, and
/// sees the host's.
fn mount_sys(target: &MountTarget<'_>) -> Result<()> {
    match target.mount("sysfs", DEFAULT_FLAGS | MsFlags::MS_RDONLY, "") {
        Err(error) if error.errno == Errno::EPERM => target.bind(Path::new("/sys")),
        mounted => mounted,
    }
}

/// A small `/dev`: the harmless device nodes of the host, and terminals and shared memory
/// that belong to the container. Nodes are bound, because making one needs real root.
fn mount_dev(rootfs: &Path) -> Result<()> {
    let at = |path| MountTarget { rootfs, path: Path::new(path) };
    let no_programs = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC;
    at("/dev").mount("tmpfs", no_programs, "mode=755,size=64k")?;
    at("/dev/pts").mount("devpts", no_programs, "newinstance,ptmxmode=0666,mode=0620")?;
    at("/dev/shm").mount("tmpfs", DEFAULT_FLAGS, "mode=1777")?;
    at("/dev/mqueue").mount("mqueue", DEFAULT_FLAGS, "")?;
    for node in ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"] {
        at(node).bind(Path::new(node))?;
    }
    let dev = at("/dev").open(Kind::Directory)?;
    let links = [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
        ("ptmx", "pts/ptmx"),
    ];
    links.into_iter().try_for_each(|(name, text)| symlinkat(text, &dev, name).context("symlink", name))
}
