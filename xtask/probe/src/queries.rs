//! What the probe can see without changing anything.

use std::ffi::CStr;
use std::fs;
use std::path::Path;

use nix::libc;
use nix::sys::utsname::uname;
use nix::unistd::{getegid, geteuid, getpid, getppid};

use crate::answer::Answer;
use crate::network::Interface;
use crate::terminal;

/// The value of `key`, or `None` if there is nothing of that name to see.
pub fn query(key: &str, argument: &str) -> Option<Answer> {
    Some(match key {
        "hostname" => uname().map(|name| name.nodename().to_string_lossy().into_owned()).map_err(Into::into),
        "pid" => Ok(getpid().to_string()),
        "ppid" => Ok(getppid().to_string()),
        "uid" => Ok(geteuid().to_string()),
        "gid" => Ok(getegid().to_string()),
        "args" => Ok(std::env::args().collect::<Vec<_>>().join(" ")),
        "env" => Ok(std::env::var(argument).unwrap_or_else(|_| "unset".into())),
        "cwd" => std::env::current_dir().map(|path| path.display().to_string()).map_err(Into::into),
        "list" => list(Path::new(argument)),
        "read" => read(argument).map(|text| text.trim_end().to_owned()),
        "exists" => Ok(fs::symlink_metadata(argument).is_ok().to_string()),
        "uid_map" | "gid_map" => read(&format!("/proc/self/{key}")).map(|text| columns(&text)),
        "cgroup" => read("/proc/self/cgroup"),
        "status" => status(argument),
        "ns" => fs::read_link(format!("/proc/self/ns/{argument}"))
            .map(|link| link.display().to_string())
            .map_err(Into::into),
        "mounts" => mounts(),
        "processes" => processes(),
        "interfaces" => Ok(interfaces()),
        "tty" => terminal::name(),
        "size" => terminal::size(),
        "open" => list_open(),
        _ => return None,
    })
}

fn read(path: &str) -> Answer {
    Ok(fs::read_to_string(path)?)
}

/// The descriptors beyond the standard ones that this process was given.
fn list_open() -> Answer {
    // The directory that is read has a descriptor too, which is gone afterward.
    let names = list(Path::new("/proc/self/fd"))?;
    let open = names.split(' ').filter(|name| fs::read_link(format!("/proc/self/fd/{name}")).is_ok());
    Ok(open.filter(|name| !matches!(*name, "0" | "1" | "2")).collect::<Vec<_>>().join(" "))
}

/// The entries of a directory, sorted, on one line.
fn list(directory: &Path) -> Answer {
    let entries = fs::read_dir(directory)?.flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names.join(" "))
}

/// Runs of blanks become one, as `uid_map` pads its columns.
fn columns(text: &str) -> String {
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n")
}

/// One field of `/proc/self/status`, such as `NSpid` or `CapEff`.
fn status(field: &str) -> Answer {
    let text = read("/proc/self/status")?;
    let prefix = format!("{field}:");
    let value = text.lines().find_map(|line| line.strip_prefix(&prefix)).map(columns);
    Ok(value.ok_or("no such field")?)
}

/// `mount point, type, propagation` of every mount, as proc(5) numbers the fields.
fn mounts() -> Answer {
    let mut lines = Vec::new();
    for line in read("/proc/self/mountinfo")?.lines() {
        let Some((before, after)) = line.split_once(" - ") else { continue };
        let fields: Vec<&str> = before.split(' ').collect();
        let Some(point) = fields.get(4) else { continue };
        let kind = after.split(' ').next().unwrap_or("?");
        // Optional fields start at the seventh; "shared:N" marks a peer group.
        let tagged = |tag: &str| fields.iter().skip(6).any(|field| field.starts_with(tag));
        let propagation = match (tagged("shared:"), tagged("master:")) {
            (true, _) => "shared",
            (false, true) => "slave",
            (false, false) => "private",
        };
        lines.push(format!("{point} {kind} {propagation}"));
    }
    Ok(lines.join("\n"))
}

/// The process ids that `/proc` shows, in order.
fn processes() -> Answer {
    let entries = fs::read_dir("/proc")?.flatten();
    let mut pids: Vec<u32> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    Ok(pids.iter().map(u32::to_string).collect::<Vec<_>>().join(" "))
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
