//! What a terminal block requires, and whether this machine has it.

use std::path::Path;

use pages::{Attributes, Part, Section};

use xtask::packages;

/// The need that a virtual machine can fill; see [`crate::vm`].
pub const UNIFIED: &str = "cgroup2";

/// Why a block cannot be run here; `None` if it can.
pub fn lack(attributes: &Attributes) -> Option<String> {
    if attributes.root && !nix::unistd::geteuid().is_root() {
        return Some("needs the real root".to_owned());
    }
    attributes.needs.iter().find_map(|need| match need.as_str() {
        UNIFIED => no_unified_groups(),
        "cgroup1" => no_unified_groups().is_none().then(|| "has unified control groups only".to_owned()),
        program => packages::find(program).is_none().then(|| format!("needs {program}, which is not installed")),
    })
}

/// Whether the unseen commands of a section are run: only if one of its blocks can be run here,
/// or if it has none. What prepares a block that is left out could hang or fail.
pub fn plays(section: &Section) -> bool {
    let lacks: Vec<bool> = section
        .parts
        .iter()
        .filter_map(|part| if let Part::Console(console) = part { Some(&console.attributes) } else { None })
        .filter(|attributes| attributes.shown.is_none())
        .map(|attributes| lack(attributes).is_some())
        .collect();
    lacks.is_empty() || lacks.contains(&false)
}

/// Unified control groups that this process may change, with the controllers of
/// chapter 3.
fn no_unified_groups() -> Option<String> {
    let file = Path::new("/sys/fs/cgroup/cgroup.controllers");
    let controllers = std::fs::read_to_string(file).unwrap_or_default();
    let has = |name: &str| controllers.split_whitespace().any(|controller| controller == name);
    if !["cpu", "memory", "pids"].into_iter().all(has) {
        return Some("needs unified control groups (version 2)".to_owned());
    }
    (!nix::unistd::geteuid().is_root()).then(|| "needs root, who may make control groups".to_owned())
}
