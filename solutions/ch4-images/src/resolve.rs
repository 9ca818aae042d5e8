//! From a name in a layer to an open directory beneath the root.
//!
//! The kernel resolves every name, since a link of an earlier entry may be on the way, and
//! everything is then done relative to the descriptor that it gave.

use std::os::fd::AsFd;
use std::path::Path;

use archive::PathAt;

use crate::Result;

/// Opens the directory that holds `name`, beneath the open directory `root`, and makes
/// the directories on the way that the layer does not list.
///
/// openat2(2) with `RESOLVE_BENEATH` refuses, with `EXDEV`, a path that leaves the root:
/// an absolute one, `..`, or a symbolic link of either kind. `RESOLVE_NO_MAGICLINKS`
/// refuses the links of `/proc`, with `ELOOP`. `EAGAIN` asks for another try: while `..`
/// was looked at, something was renamed or mounted, and the kernel could not tell where
/// it leads.
///
/// # Errors
/// [`archive::Error::Refused`] for a name that leads out of the root or has no last part.
pub fn resolve_beneath(root: impl AsFd + Copy, name: &Path) -> Result<PathAt> {
    // ANCHOR: resolve_beneath
    use archive::Error;
    use nix::errno::Errno;
    use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
    use std::path::Component;
    use sys::Context;

    let refused = |why| Error::Refused { name: name.display().to_string(), why };
    let last = match name.components().next_back() {
        Some(Component::Normal(last)) => last,
        Some(Component::CurDir) => ".".as_ref(),
        _ => return Err(refused("it does not end in a file's name"))?,
    };
    let parent = match name.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    match openat2(root, parent, how) {
        Ok(directory) => Ok(PathAt::new(directory, last)),
        Err(Errno::ENOENT) => {
            resolve_beneath(root, parent)?.make_directory()?;
            resolve_beneath(root, name)
        }
        Err(Errno::EXDEV) => Err(refused("it leads outside the target directory"))?,
        Err(Errno::ELOOP) => Err(refused("its symbolic links never end"))?,
        Err(Errno::EAGAIN) => resolve_beneath(root, name),
        Err(errno) => Err(errno).context("openat2", name)?,
    }
    // ANCHOR_END: resolve_beneath
}
