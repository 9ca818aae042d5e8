//! The worlds that a check starts the chapter's program in.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};

/// The id of an ordinary user. Not 65534: whoever has no id at all in a user
/// namespace shows as that, and the two must not be taken for each other.
const ORDINARY: u32 = 4242;

fn change(path: &str, flags: MsFlags) -> io::Result<()> {
    Ok(mount(None::<&str>, path, None::<&str>, flags, None::<&str>)?)
}

/// Runs the command in a mount namespace whose mounts are all *shared*, as they
/// are on most systems; on some they are private, and nothing could be seen.
/// They are made private first: what they share, they share with no one outside.
pub fn with_shared_mounts(command: &mut Command) -> &mut Command {
    // SAFETY: system calls only, in the child, which has one thread.
    unsafe {
        command.pre_exec(|| {
            unshare(CloneFlags::CLONE_NEWNS)?;
            change("/", MsFlags::MS_REC | MsFlags::MS_PRIVATE)?;
            change("/", MsFlags::MS_REC | MsFlags::MS_SHARED)
        })
    }
}

/// Mounts a tmpfs on `point`, in the mount namespace that `pid` is in.
pub fn mount_beside(pid: u32, point: &Path) {
    let namespace = fs::File::open(format!("/proc/{pid}/ns/mnt")).expect("the program has a mount namespace");
    let point = point.to_owned();
    let mut command = Command::new("true");
    // SAFETY: system calls only, in the child, which has one thread.
    unsafe {
        command.pre_exec(move || {
            setns(&namespace, CloneFlags::CLONE_NEWNS)?;
            Ok(mount(Some("tmpfs"), &point, Some("tmpfs"), MsFlags::empty(), None::<&str>)?)
        });
    }
    assert!(command.status().is_ok_and(|status| status.success()), "the check could not mount beside the program");
}

/// Runs the command as an ordinary user, with `directory` as its /tmp.
///
/// The directory is shown there because that user may have no way to where it
/// is. Where this process is already in a user namespace with one id, one more
/// namespace gives that id an ordinary number. Gives the id that the command has
/// for itself, and the one that this process sees.
pub fn as_ordinary_user(command: &mut Command, directory: &Path) -> (u32, u32) {
    let maps_it = fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| {
        let columns: Vec<u64> = map.split_whitespace().filter_map(|column| column.parse().ok()).collect();
        columns.chunks(3).any(|range| (range[0]..range[0] + range[2]).contains(&u64::from(ORDINARY)))
    });
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).expect("the directory is the check's own");
    if maps_it {
        hand_over(directory);
    }
    let directory = directory.to_owned();
    let map = format!("{ORDINARY} 0 1");
    // SAFETY: system calls only, in the child, which has one thread.
    unsafe {
        command.pre_exec(move || {
            unshare(CloneFlags::CLONE_NEWNS)?;
            change("/", MsFlags::MS_REC | MsFlags::MS_PRIVATE)?;
            mount(Some(&directory), "/tmp", None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
            if maps_it {
                let (user, group) = (Uid::from_raw(ORDINARY), Gid::from_raw(ORDINARY));
                setgroups(&[group])?;
                setresgid(group, group, group)?;
                setresuid(user, user, user)?;
                return Ok(());
            }
            unshare(CloneFlags::CLONE_NEWUSER)?;
            fs::write("/proc/self/setgroups", "deny")?;
            fs::write("/proc/self/uid_map", &map)?;
            fs::write("/proc/self/gid_map", &map)
        });
    }
    (ORDINARY, if maps_it { ORDINARY } else { 0 })
}

fn hand_over(path: &Path) {
    std::os::unix::fs::chown(path, Some(ORDINARY), Some(ORDINARY)).expect("the file is the check's own");
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("the directory is the check's own").flatten() {
            hand_over(&entry.path());
        }
    }
}
