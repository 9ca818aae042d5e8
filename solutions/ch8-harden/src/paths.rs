//! Step 5: files that speak of the whole machine.

use std::path::Path;

use sys::Result;

/// Covers each path of `masked`, and makes each of `read_only` read-only, for this mount
/// namespace.
///
/// A directory is covered by an empty, read-only tmpfs, any other file by `/dev/null`. What
/// is to be read-only is bound onto itself, because a mount has flags and a directory has
/// none, and then remounted. A path that does not exist is passed over.
///
/// The image decides what is in the container, so it may have put a link at any of these
/// paths, or something else at `/dev/null`. Paths are opened with [`confine::open_path`], which
/// follows no link. The mount goes to the open file, by its name in `/proc/self/fd`; a path
/// could lead elsewhere by then. `/dev/null` must be character device 1:3.
///
/// # Errors
/// `ELOOP` for a link in a path; `ENODEV` for a false `/dev/null`; `EPERM` without
/// `CAP_SYS_ADMIN`. See mount(2), `MS_REMOUNT`; openat2(2), `RESOLVE_NO_SYMLINKS`.
pub fn mask_paths(masked: &[&Path], read_only: &[&Path]) -> Result<()> {
    // ANCHOR: mask_paths
    use confine::{fd_path, locked_flags, open_path};
    use nix::errno::Errno;
    use nix::mount::{MsFlags, mount};
    use nix::sys::stat::{SFlag, fstat, makedev};
    use sys::{Context, Error};

    let none = None::<&str>;
    for path in masked {
        let Some(file) = open_path(path)? else { continue };
        let kind = SFlag::from_bits_truncate(fstat(&file).context("stat", path)?.st_mode) & SFlag::S_IFMT;
        if kind == SFlag::S_IFDIR {
            let flags = MsFlags::MS_RDONLY | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
            mount(Some("tmpfs"), &fd_path(&file), Some("tmpfs"), flags, Some("mode=555")).context("mount", path)?;
            continue;
        }
        let null = open_path(Path::new("/dev/null"))?.ok_or(Error::at("open", "/dev/null", Errno::ENOENT))?;
        if fstat(&null).context("stat", "/dev/null")?.st_rdev != makedev(1, 3) {
            return Err(Error::at("mount", "/dev/null", Errno::ENODEV));
        }
        mount(Some(&fd_path(&null)), &fd_path(&file), none, MsFlags::MS_BIND, none).context("mount", path)?;
    }
    for path in read_only {
        let Some(file) = open_path(path)? else { continue };
        mount(Some(&fd_path(&file)), &fd_path(&file), none, MsFlags::MS_BIND | MsFlags::MS_REC, none)
            .context("mount", path)?;
        // Opened again: the descriptor still means the file below the new mount.
        let Some(bound) = open_path(path)? else { continue };
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY | locked_flags(&bound)?;
        mount(none, &fd_path(&bound), none, flags, none).context("remount", path)?;
    }
    Ok(())
    // ANCHOR_END: mask_paths
}
