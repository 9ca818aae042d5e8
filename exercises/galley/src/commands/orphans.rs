//! What a build that was killed leaves outside its store.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use cgroups::Group;

/// A build's groups are called so, and after the process of its RUN.
const PREFIX: &str = "build-";

/// The control group of a RUN whose first process is `process`.
pub fn cgroup_name(process: nix::unistd::Pid) -> String {
    format!("galley/{PREFIX}{process}")
}

/// Removes the control groups of builds that were killed: when the process that a
/// group is called after is gone, nobody else will.
///
/// Without control groups of its own, galley has none to remove. A group that is
/// still busy is found the next time.
pub fn remove_cgroups() {
    let Ok(all) = Group::named("galley") else { return };
    let mut dead = BTreeSet::new();
    for entry in all.paths().iter().filter_map(|path| fs::read_dir(path).ok()).flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.strip_prefix(PREFIX).map(|pid| Path::new("/proc").join(pid));
        if process.is_some_and(|process| !process.exists()) {
            dead.insert(name);
        }
    }
    for name in dead {
        let name = format!("galley/{name}");
        if let Err(error) = Group::named(&name).and_then(Group::delete) {
            eprintln!("galley: {error}");
        }
        if let Err(error) = monitor::delete_device_group(&name) {
            eprintln!("galley: {error}");
        }
    }
}
