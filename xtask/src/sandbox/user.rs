//! Becoming another user, for whom the repository may be out of reach.

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{OFlag, open};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::stat::Mode;
use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};

use crate::error::{Error, Result};

/// Becomes `user`, and makes sure that this user can reach `repository`.
pub fn become_user(user: u32, repository: &Path) -> Result<()> {
    if let Some(hidden) = hidden_part(repository)? {
        uncover(repository, &hidden)?;
    }
    setgroups(&[]).map_err(Error::call("setgroups"))?;
    setgid(Gid::from_raw(user)).map_err(Error::call("setgid"))?;
    setuid(Uid::from_raw(user)).map_err(Error::call("setuid"))?;
    // A change of user gives this process's files in /proc to root (proc(5)), and
    // the id maps are among them.
    prctl::set_dumpable(true).map_err(Error::call("prctl"))
}

/// The first directory on the path that others may not enter, such as root's home.
fn hidden_part(path: &Path) -> Result<Option<PathBuf>> {
    let mut way: Vec<&Path> = path.ancestors().collect();
    way.reverse();
    for directory in way {
        let data = fs::metadata(directory).map_err(Error::file("look at", directory))?;
        if data.permissions().mode() & 0o001 == 0 {
            return Ok(Some(directory.to_owned()));
        }
    }
    Ok(None)
}

/// Covers the hidden directory with an empty one that contains only `path`. Only this process
/// and its children see that.
fn uncover(path: &Path, hidden: &Path) -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNS).map_err(Error::call("unshare"))?;
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)
        .map_err(Error::call("mount"))?;
    // Opened in this namespace, because a mount of another one cannot be bound here.
    let original = open(path, OFlag::O_PATH | OFlag::O_DIRECTORY, Mode::empty()).map_err(Error::call("open"))?;
    let original = PathBuf::from(format!("/proc/self/fd/{}", original.as_raw_fd()));
    mount(Some("tmpfs"), hidden, Some("tmpfs"), MsFlags::empty(), Some("mode=755")).map_err(Error::call("mount"))?;
    fs::create_dir_all(path).map_err(Error::file("create", path))?;
    // One by one: the directory itself may be what is hidden.
    for entry in fs::read_dir(&original).map_err(Error::file("read", path))? {
        let entry = entry.map_err(Error::file("read", path))?;
        let place = path.join(entry.file_name());
        let made = if entry.path().is_dir() { fs::create_dir(&place) } else { fs::write(&place, "") };
        made.map_err(Error::file("create", &place))?;
        mount(Some(&entry.path()), &place, None::<&str>, MsFlags::MS_BIND | MsFlags::MS_REC, None::<&str>)
            .map_err(|errno| Error::File { action: "mount on", path: place.clone(), source: errno.into() })?;
    }
    Ok(())
}
