//! Given: what is mounted into a container's root before it is entered.

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::{Mode, SFlag, mkdirat, mknodat};
use nix::sys::statvfs::{FsFlags, fstatvfs};
use nix::unistd::symlinkat;

use sys::{Error, Result};

use crate::{Container, Mount, Source};

const SAFE: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV).union(MsFlags::MS_NOEXEC);

/// Mounts all that `container` asks for, and what every program expects.
///
/// It runs before [`crate::pivot`]: the host's device nodes are still there to be bound,
/// and a user namespace may still mount sysfs. `/proc` is pivot's.
pub(crate) fn mount_all(container: &Container) -> Result<()> {
    let rootfs = &container.rootfs;
    // Bound onto itself, the root has mount flags of its own.
    bind(rootfs, &Place { rootfs, path: Path::new("/") })?;
    Place { rootfs, path: Path::new("/proc") }.open(Kind::Directory)?;
    sys(rootfs)?;
    dev(rootfs)?;
    for Mount { source, target, read_only } in &container.mounts {
        let place = Place { rootfs, path: target };
        match source {
            Source::Host(path) => bind(path, &place)?,
            Source::Memory { flags, options } => place.mount("tmpfs", *flags, options)?,
        }
        if *read_only {
            remount_read_only(&place)?;
        }
    }
    if container.read_only {
        remount_read_only(&Place { rootfs, path: Path::new("/") })?;
    }
    Ok(())
}

/// A sysfs shows the network namespace of whoever mounts it, so it must be new.
/// A user namespace that kept the host's network has no right to one of that,
/// and gets to see the host's.
fn sys(rootfs: &Path) -> Result<()> {
    let place = Place { rootfs, path: Path::new("/sys") };
    match place.mount("sysfs", SAFE | MsFlags::MS_RDONLY, "") {
        Err(error) if error.errno == Errno::EPERM => bind(Path::new("/sys"), &place),
        done => done,
    }
}

/// A small `/dev`: the harmless nodes of the host, terminals and shared memory
/// of the container's own. Nodes are bound, because making one needs real root.
fn dev(rootfs: &Path) -> Result<()> {
    let at = |path: &'static str| Place { rootfs, path: Path::new(path) };
    at("/dev").mount("tmpfs", MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC, "mode=755,size=64k")?;
    at("/dev/pts").mount("devpts", MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620")?;
    at("/dev/shm").mount("tmpfs", SAFE, "mode=1777")?;
    at("/dev/mqueue").mount("mqueue", SAFE, "")?;
    for node in ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"] {
        bind(Path::new(node), &at(node))?;
    }
    let dev = at("/dev").open(Kind::Directory)?;
    let links = [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
        ("ptmx", "pts/ptmx"),
    ];
    for (name, text) in links {
        symlinkat(text, &dev, name).map_err(|errno| Error::at("symlink", name, errno))?;
    }
    Ok(())
}

/// What a mount point has to be.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Directory,
    File,
}

/// A path inside the container, while it is still a directory of the host.
struct Place<'a> {
    rootfs: &'a Path,
    path: &'a Path,
}

impl Place<'_> {
    /// Opens the path, making what is missing of it.
    ///
    /// An image may hold any link, such as `/dev -> /`. So links are resolved as
    /// the container would, and the way is then walked one name at a time, where
    /// no link is followed any more: it cannot leave the root.
    fn open(&self, kind: Kind) -> Result<OwnedFd> {
        let failed = |call| move |errno| Error::at(call, self.path, errno);
        let resolved = sys::resolve(self.rootfs, self.path)?.path;
        let names: Vec<_> = resolved.iter().skip(1).collect();
        let flags = OFlag::O_PATH | OFlag::O_CLOEXEC;
        let mut here = open(self.rootfs, flags, Mode::empty()).map_err(failed("open"))?;
        for (index, name) in names.iter().enumerate() {
            let made = if index + 1 == names.len() && kind == Kind::File {
                mknodat(&here, *name, SFlag::S_IFREG, Mode::from_bits_truncate(0o644), 0)
            } else {
                mkdirat(&here, *name, Mode::from_bits_truncate(0o755))
            };
            match made {
                Ok(()) | Err(Errno::EEXIST) => {}
                // A read-only root may still have what is needed.
                Err(Errno::EROFS) => {}
                Err(errno) => return Err(failed("mkdir")(errno)),
            }
            here = openat(&here, *name, flags | OFlag::O_NOFOLLOW, Mode::empty()).map_err(failed("open"))?;
        }
        Ok(here)
    }

    fn mount(&self, kind: &'static str, flags: MsFlags, options: &str) -> Result<()> {
        let target = self.open(Kind::Directory)?;
        mount(Some(kind), &name(&target), Some(kind), flags, Some(options))
            .map_err(|errno| Error::at("mount", self.path, errno))
    }
}

/// The name under which /proc has an open file: a path that nobody can change.
fn name(file: &OwnedFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// Shows a file or directory of the host inside.
fn bind(source: &Path, place: &Place) -> Result<()> {
    let none = None::<&str>;
    let seen = nix::sys::stat::stat(source).map_err(|errno| Error::at("stat", source, errno))?;
    let directory = SFlag::from_bits_truncate(seen.st_mode & SFlag::S_IFMT.bits()) == SFlag::S_IFDIR;
    let target = place.open(if directory { Kind::Directory } else { Kind::File })?;
    mount(Some(source), &name(&target), none, MsFlags::MS_BIND | MsFlags::MS_REC, none)
        .map_err(|errno| Error::at("mount", source, errno))
}

/// Makes a mount read-only. What is mounted further down stays as it is.
fn remount_read_only(place: &Place) -> Result<()> {
    let failed = |errno| Error::at("mount", place.path, errno);
    // Opened again, because only now does the path lead to the mount on top.
    let target = place.open(Kind::Directory)?;
    let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY;
    let kept = kept_flags(fstatvfs(&target).map_err(failed)?.flags());
    let none = None::<&str>;
    mount(none, &name(&target), none, flags | kept, none).map_err(failed)
}

/// The flags that a user namespace may not take off a mount it has copied.
fn kept_flags(flags: FsFlags) -> MsFlags {
    let pairs = [
        (FsFlags::ST_NOSUID, MsFlags::MS_NOSUID),
        (FsFlags::ST_NODEV, MsFlags::MS_NODEV),
        (FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
        (FsFlags::ST_NOATIME, MsFlags::MS_NOATIME),
        (FsFlags::ST_NODIRATIME, MsFlags::MS_NODIRATIME),
        (FsFlags::ST_RELATIME, MsFlags::MS_RELATIME),
    ];
    pairs.iter().filter(|(seen, _)| flags.contains(*seen)).map(|(_, kept)| *kept).collect()
}
