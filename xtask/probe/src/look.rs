//! What the probe can see without changing anything.

use std::ffi::CStr;
use std::fs;
use std::path::Path;

use nix::libc;
use nix::sys::utsname::uname;
use nix::unistd::{getegid, geteuid, getpid, getppid};

use crate::network::Interface;
use crate::terminal;

/// The value of `key`, or `None` if there is no such thing to look at.
///
/// A file that cannot be read gives `error: …` as its value, never a panic:
/// what is missing inside a container is itself a thing to see.
pub fn at(key: &str, argument: &str) -> Option<String> {
    Some(match key {
        "hostname" => hostname(),
        "pid" => getpid().to_string(),
        "ppid" => getppid().to_string(),
        "uid" => geteuid().to_string(),
        "gid" => getegid().to_string(),
        "args" => std::env::args().collect::<Vec<_>>().join(" "),
        "env" => std::env::var(argument).unwrap_or_else(|_| "unset".into()),
        "cwd" => shown(std::env::current_dir().map(|path| path.display().to_string())),
        "list" => list(Path::new(argument)),
        "read" => shown(fs::read_to_string(argument)).trim_end().to_owned(),
        "exists" => fs::symlink_metadata(argument).is_ok().to_string(),
        "uid_map" | "gid_map" => columns(&shown(fs::read_to_string(format!("/proc/self/{key}")))),
        "cgroup" => shown(fs::read_to_string("/proc/self/cgroup")),
        "status" => status(argument),
        "ns" => shown(fs::read_link(format!("/proc/self/ns/{argument}")).map(|link| link.display().to_string())),
        "mounts" => mounts(),
        "processes" => processes(),
        "interfaces" => interfaces(),
        "tty" => terminal::name(),
        "size" => terminal::size(),
        "open" => list_open(),
        _ => return None,
    })
}

fn shown(result: std::io::Result<String>) -> String {
    result.unwrap_or_else(|error| format!("error: {error}"))
}

fn hostname() -> String {
    match uname() {
        Ok(name) => name.nodename().to_string_lossy().into_owned(),
        Err(errno) => format!("error: {errno}"),
    }
}

/// The descriptors beyond the standard ones that this process was given.
fn list_open() -> String {
    // The directory that is read has a descriptor too, which is gone afterwards.
    let names = list(Path::new("/proc/self/fd"));
    let open = names.split(' ').filter(|name| fs::read_link(format!("/proc/self/fd/{name}")).is_ok());
    open.filter(|name| !matches!(*name, "0" | "1" | "2")).collect::<Vec<_>>().join(" ")
}

/// The entries of a directory, sorted, on one line.
fn list(directory: &Path) -> String {
    match fs::read_dir(directory) {
        Ok(entries) => {
            let mut names: Vec<String> =
                entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            names.join(" ")
        }
        Err(error) => format!("error: {error}"),
    }
}

/// Runs of blanks become one, as `uid_map` pads its columns.
fn columns(text: &str) -> String {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n")
}

/// One field of `/proc/self/status`, such as `NSpid` or `CapEff`.
fn status(field: &str) -> String {
    let text = shown(fs::read_to_string("/proc/self/status"));
    let prefix = format!("{field}:");
    text.lines()
        .find_map(|line| line.strip_prefix(&prefix))
        .map(columns)
        .unwrap_or_else(|| "error: no such field".into())
}

/// `mount point, type, propagation` of every mount, as proc(5) numbers the fields.
fn mounts() -> String {
    let text = shown(fs::read_to_string("/proc/self/mountinfo"));
    let mut lines = Vec::new();
    for line in text.lines() {
        let Some((before, after)) = line.split_once(" - ") else { continue };
        let fields: Vec<&str> = before.split(' ').collect();
        let Some(point) = fields.get(4) else { continue };
        let kind = after.split(' ').next().unwrap_or("?");
        // Optional fields start at the seventh; "shared:N" marks a peer group.
        let tags = fields.get(6..).unwrap_or_default();
        let propagation = if tags.iter().any(|tag| tag.starts_with("shared:")) {
            "shared"
        } else if tags.iter().any(|tag| tag.starts_with("master:")) {
            "slave"
        } else {
            "private"
        };
        lines.push(format!("{point} {kind} {propagation}"));
    }
    lines.join("\n")
}

/// The process ids that `/proc` shows, in order.
fn processes() -> String {
    match fs::read_dir("/proc") {
        Ok(entries) => {
            let mut pids: Vec<u32> =
                entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
            pids.sort_unstable();
            pids.iter().map(u32::to_string).collect::<Vec<_>>().join(" ")
        }
        Err(error) => format!("error: {error}"),
    }
}

/// Every network interface with its state, from the kernel and not from `/sys`.
fn interfaces() -> String {
    let state = |name: &str| match Interface::new(name).and_then(|mut interface| interface.is_up()) {
        Ok(true) => "up".to_owned(),
        Ok(false) => "down".to_owned(),
        Err(error) => format!("error: {error}"),
    };
    let mut lines: Vec<String> = interface_names().iter().map(|name| format!("{name} {}", state(name))).collect();
    lines.sort();
    lines.join("\n")
}

/// See if_nameindex(3).
fn interface_names() -> Vec<String> {
    let mut names = Vec::new();
    // SAFETY: the list is the caller's until it is freed, once; an entry with a null
    // name ends it, and every name before that is a string.
    unsafe {
        let list = libc::if_nameindex();
        let mut entry = list;
        while !entry.is_null() && !(*entry).if_name.is_null() {
            names.push(CStr::from_ptr((*entry).if_name).to_string_lossy().into_owned());
            entry = entry.add(1);
        }
        if !list.is_null() {
            libc::if_freenameindex(list);
        }
    }
    names
}
