//! `cargo xtask clean`: removes what a killed check, demo or test left behind.
//!
//! There is little to remove. Everything here mounts in namespaces that vanish with their
//! processes, so only control groups, processes and temporary files can remain.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid};

use crate::error::{Error, Result};
use crate::repo::Repo;
use crate::sandbox;

/// How many characters of its id are in the name of a container's control group.
const SHORT_ID: usize = 12;

/// Removes everything and prints what it was. What belongs to another user stays, and is named.
pub fn run(repo: &Repo) -> Result<u8> {
    let (mut removed, mut left) = (Vec::new(), Vec::new());
    for (pid, name) in processes_of(repo)? {
        // A process that has ended meanwhile (ESRCH) counts as killed.
        let list = if kill(pid, Signal::SIGKILL) == Err(Errno::EPERM) { &mut left } else { &mut removed };
        list.push(format!("process {pid} ({name})"));
    }
    let (groups, others) = sandbox::remove_leftovers(&containers(repo)?);
    removed.extend(groups.iter().map(|group| format!("control group {}", group.display())));
    left.extend(others.iter().map(|group| format!("control group {}", group.display())));
    for path in temporary_files(repo)? {
        let result = if path.is_dir() { remove_all(&path) } else { fs::remove_file(&path) };
        let list = match result {
            Ok(()) => &mut removed,
            Err(error) if error.kind() == ErrorKind::PermissionDenied => &mut left,
            Err(error) => return Err(Error::file("remove", &path)(error)),
        };
        list.push(repo.short(&path).display().to_string());
    }
    if removed.is_empty() && left.is_empty() {
        println!("nothing to clean");
    }
    removed.iter().for_each(|thing| println!("removed {thing}"));
    left.iter().for_each(|thing| println!("not removed: {thing}"));
    if !left.is_empty() {
        println!("That is another user's; `sudo -E env PATH=$PATH cargo xtask clean` removes it.");
    }
    Ok(0)
}

/// The processes whose program is in this repository's `target/`, except this one and its
/// ancestors.
pub fn processes_of(repo: &Repo) -> Result<Vec<(Pid, String)>> {
    // The kernel shows paths without symbolic links.
    let target = repo.target().canonicalize().unwrap_or_else(|_| repo.target().to_owned());
    let mut spared = vec![getpid().as_raw()];
    while let Some(parent) = spared.last().and_then(|pid| parent(*pid)).filter(|pid| *pid > 0) {
        spared.push(parent);
    }
    let mut found = Vec::new();
    let proc = Path::new("/proc");
    for entry in fs::read_dir(proc).map_err(Error::file("read", proc))?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        // This user can neither inspect nor end a process of another user.
        let Ok(program) = fs::read_link(entry.path().join("exe")) else { continue };
        if program.starts_with(&target) && !spared.contains(&pid) {
            let name = program.file_name().unwrap_or(OsStr::new("?")).to_string_lossy().into_owned();
            found.push((Pid::from_raw(pid), name));
        }
    }
    Ok(found)
}

/// The fourth field of `/proc/PID/stat`; the second is in parentheses and may
/// hold blanks (proc_pid_stat(5)).
fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// The files of one demo, test or check: everything below `target/tmp`, and unfinished copies
/// of programs (see [`crate::cargo::keep`]).
fn temporary_files(repo: &Repo) -> Result<Vec<PathBuf>> {
    let mut found = entries(&repo.target().join("tmp"))?;
    for tree in ["exercises", "solutions"] {
        let copies = entries(&repo.target().join("check").join(tree))?;
        found.extend(copies.into_iter().filter(|path| is_unfinished(path)));
    }
    Ok(found)
}

/// The short ids of the containers of demos and tests, which name their control groups.
fn containers(repo: &Repo) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    for home in entries(&repo.target().join("tmp"))? {
        for container in entries(&home.join("containers"))? {
            let id = container.file_name().unwrap_or_default().to_string_lossy().into_owned();
            ids.push(id.chars().take(SHORT_ID).collect());
        }
    }
    Ok(ids)
}

fn is_unfinished(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_prefix('.').is_some_and(|pid| pid.parse::<u32>().is_ok())
}

/// Removes a directory with everything in it. Its owner may have to change modes first:
/// overlay's `work` directory, for example, cannot be entered by an ordinary user.
fn remove_all(directory: &Path) -> io::Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            open_up(directory)?;
            fs::remove_dir_all(directory)
        }
        result => result,
    }
}

/// Makes this directory and all below it writable.
fn open_up(directory: &Path) -> io::Result<()> {
    fs::set_permissions(directory, Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(directory)?.flatten() {
        // The type of the entry itself, so that links are not followed.
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}

/// What is in a directory; nothing if it is not there.
fn entries(directory: &Path) -> Result<Vec<PathBuf>> {
    match fs::read_dir(directory) {
        Ok(entries) => Ok(entries.flatten().map(|entry| entry.path()).collect()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(Vec::new()),
        Err(error) => Err(Error::file("read", directory)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_without_modes_is_removed_too() {
        let directory = std::env::temp_dir().join(format!("galley-clean-{}", std::process::id()));
        let (closed, elsewhere) = (directory.join("work/work"), directory.join("elsewhere"));
        fs::create_dir_all(closed.join("below")).unwrap();
        fs::create_dir(&elsewhere).unwrap();
        fs::set_permissions(&elsewhere, Permissions::from_mode(0o500)).unwrap();
        std::os::unix::fs::symlink(&elsewhere, closed.join("link")).unwrap();
        fs::set_permissions(&closed, Permissions::from_mode(0o000)).unwrap();
        open_up(&directory.join("work")).unwrap();
        assert_eq!(fs::metadata(&elsewhere).unwrap().permissions().mode() & 0o777, 0o500, "a link was followed");
        remove_all(&directory).unwrap();
        assert!(!directory.exists());
    }
}
