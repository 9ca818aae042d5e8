//! What `/proc` says about a process, seen from the check.

use std::fs;

/// The namespaces that a process is in, by their names below `/proc/PID/ns`.
pub const NAMESPACES: [&str; 7] = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"];

/// The link that names one namespace of a process, such as `uts:[4026531838]`.
pub fn namespace(pid: u32, name: &str) -> String {
    link(pid, &format!("ns/{name}"))
}

/// `shared` for each namespace that `pid` has in common with the check, and `new` for others.
pub fn compare_namespaces(pid: u32) -> String {
    let own = std::process::id();
    let shown = |name| if namespace(pid, name) == namespace(own, name) { "shared" } else { "new" };
    NAMESPACES.map(|name| format!("{name} {}", shown(name))).join(", ")
}

/// What a link below `/proc/PID` leads to: `root`, `cwd`, `exe`.
pub fn link(pid: u32, name: &str) -> String {
    match fs::read_link(format!("/proc/{pid}/{name}")) {
        Ok(target) => target.display().to_string(),
        Err(error) => format!("error: {error}"),
    }
}

/// The text of a file below `/proc/PID`, such as `mountinfo`; empty without such a process.
pub fn file(pid: u32, name: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap_or_default()
}

/// One field of `/proc/PID/status`, with its columns separated by one blank.
pub fn status(pid: u32, field: &str) -> String {
    let prefix = format!("{field}:");
    let text = file(pid, "status");
    let value = text.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_default();
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The processes whose parent is `pid`.
pub fn children(pid: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|child| status(*child, "PPid") == pid.to_string()).collect()
}

/// Whether a process runs the probe, by the name that the kernel has for it.
pub fn is_probe(pid: u32) -> bool {
    status(pid, "Name") == "probe"
}

/// What is mounted at `point`, as `pid` sees it: its type and propagation, or
/// `nothing`. See proc_pid_mountinfo(5).
pub fn mount_at(pid: u32, point: &str) -> String {
    let found = mounts(pid).into_iter().rfind(|(path, _, _)| path == point);
    found.map_or_else(|| "nothing".to_owned(), |(_, kind, propagation)| format!("{kind}, {propagation}"))
}

/// The mount points that `pid` sees, in order; if there are many, only their number.
pub fn mount_points(pid: u32) -> String {
    let points: Vec<String> = mounts(pid).into_iter().map(|(point, _, _)| point).collect();
    if points.len() > 5 { format!("{} of them", points.len()) } else { points.join(" ") }
}

/// How many mounts of `pid` propagate to others or from others.
pub fn propagating(pid: u32) -> usize {
    mounts(pid).iter().filter(|(_, _, propagation)| *propagation != "private").count()
}

/// Mount point, file system type and propagation of every mount.
fn mounts(pid: u32) -> Vec<(String, String, &'static str)> {
    let text = file(pid, "mountinfo");
    let fields = text.lines().filter_map(|line| line.split_once(" - "));
    fields
        .filter_map(|(before, after)| {
            let point = before.split(' ').nth(4)?.to_owned();
            let kind = after.split(' ').next()?.to_owned();
            let tagged = |tag: &str| before.split(' ').skip(6).any(|field| field.starts_with(tag));
            let propagation = match (tagged("shared:"), tagged("master:")) {
                (true, _) => "shared",
                (false, true) => "slave",
                (false, false) => "private",
            };
            Some((point, kind, propagation))
        })
        .collect()
}
