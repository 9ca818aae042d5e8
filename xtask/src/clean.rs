//! `cargo xtask clean`: removes what a killed check, demo or test left behind.
//!
//! Little can be left. Everything here mounts in namespaces of its own, which
//! vanish with their processes; control groups and processes are what remains.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid};

use crate::error::{Error, Result};
use crate::sandbox;
use crate::tree::Tree;

/// Removes it all and says what it was.
pub fn run(tree: &Tree) -> Result<u8> {
    let mut found = Vec::new();
    for (pid, name) in processes_of(tree)? {
        // One that ended meanwhile is as good as killed.
        let _ = kill(pid, Signal::SIGKILL);
        found.push(format!("process {pid} ({name})"));
    }
    for group in sandbox::remove_leftovers() {
        found.push(format!("control group {}", group.display()));
    }
    for directory in temporary_directories(tree)? {
        fs::remove_dir_all(&directory).map_err(Error::file("remove", &directory))?;
        found.push(format!("directory {}", tree.short(&directory).display()));
    }
    if found.is_empty() {
        println!("nothing to clean");
    }
    for thing in found {
        println!("removed {thing}");
    }
    Ok(0)
}

/// The processes whose program stands in this repository's `target/`, save this
/// one and those that started it.
pub fn processes_of(tree: &Tree) -> Result<Vec<(Pid, String)>> {
    let target = tree.target();
    let mut spared = vec![getpid().as_raw()];
    while let Some(parent) = spared.last().and_then(|pid| parent(*pid)).filter(|pid| *pid > 0) {
        spared.push(parent);
    }
    let mut found = Vec::new();
    let proc = Path::new("/proc");
    for entry in fs::read_dir(proc).map_err(Error::file("read", proc))?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        // A process of another user cannot be looked at, nor is it ours to end.
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

/// Directories that live for one demo or test.
fn temporary_directories(tree: &Tree) -> Result<Vec<PathBuf>> {
    let parent = tree.target().join("tmp");
    match fs::read_dir(&parent) {
        Ok(entries) => Ok(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::file("read", &parent)(error)),
    }
}
