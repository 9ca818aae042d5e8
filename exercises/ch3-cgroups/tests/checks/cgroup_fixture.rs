//! Groups for one check, made and removed by hand.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cgroups::{Group, Hierarchy, Version};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The controllers and the file that each has in every group but the top one.
pub const LIMITS: [(&str, &str); 3] = [("memory", "memory.max"), ("pids", "pids.max"), ("cpu", "cpu.max")];

/// A name below which one check makes its groups; all of them go with it.
pub struct CgroupFixture {
    nonce: String,
    hierarchy: Hierarchy,
}

impl CgroupFixture {
    /// `None`, and the reason for the report, if this machine gives no groups.
    pub fn new() -> Option<Self> {
        match Hierarchy::find() {
            Ok(hierarchy) => Some(Self { nonce: format!("galley-trial-{}", checks::nonce()), hierarchy }),
            Err(error) => {
                checks::unable(&error.to_string());
                None
            }
        }
    }

    /// A trial with a group `web`, made by hand.
    pub fn with_group() -> Option<Self> {
        let trial = Self::new()?;
        trial.make("web");
        Some(trial)
    }

    /// The full name of a group of this trial.
    pub fn name(&self, group: &str) -> String {
        format!("{}/{group}", self.nonce)
    }

    pub fn is_v2(&self) -> bool {
        self.hierarchy.version == Version::V2
    }

    /// The top directories, and below each the trial's own.
    pub fn parents(&self) -> Vec<PathBuf> {
        self.hierarchy.directories().iter().map(|top| top.join(&self.nonce)).collect()
    }

    /// A group's directories.
    pub fn paths(&self, group: &str) -> Vec<PathBuf> {
        self.parents().iter().map(|parent| parent.join(group)).collect()
    }

    /// Makes a group without any of the learner's code.
    pub fn make(&self, group: &str) {
        for (top, path) in self.hierarchy.directories().iter().zip(self.paths(group)) {
            let mut parent = path.parent();
            while let Some(directory) = parent {
                fs::create_dir_all(directory).expect("the check can make a group");
                parent = directory.parent().filter(|directory| directory.starts_with(top));
            }
            if self.is_v2() {
                let above: Vec<&Path> = path.ancestors().skip(1).take_while(|above| above.starts_with(top)).collect();
                for directory in above.into_iter().rev() {
                    fs::write(directory.join("cgroup.subtree_control"), "+memory +pids +cpu")
                        .expect("the check can switch controllers on");
                }
            }
            fs::create_dir_all(&path).expect("the check can make a group");
        }
    }

    /// Takes a controller away from the trial's groups, as on a machine that has not got it.
    pub fn without(&self, controller: &str, group: &str) {
        if self.is_v2() {
            let control = self.parents()[0].join("cgroup.subtree_control");
            fs::write(control, format!("-{controller}")).expect("the check can switch a controller off");
        } else {
            let root = self.hierarchy.root(controller).expect("a root for each controller");
            fs::remove_dir(root.path.join(self.name(group))).expect("the check can remove a group");
        }
    }

    /// What a file of the group holds, by the name that version 2 has for it.
    pub fn file(&self, group: &str, file: &str) -> String {
        let controller = file.split('.').next().unwrap_or_default();
        let root = self.hierarchy.root(controller).expect("a root for each controller");
        let read = |name: &str| match fs::read_to_string(root.path.join(self.name(group)).join(name)) {
            Ok(text) => text.trim().to_owned(),
            Err(error) if error.kind() == ErrorKind::NotFound => "no such file".to_owned(),
            Err(error) => format!("error: {error}"),
        };
        if self.is_v2() {
            return read(file);
        }
        let unlimited =
            |text: String| if matches!(text.as_str(), "-1" | "9223372036854771712") { "max".to_owned() } else { text };
        match file {
            "memory.max" => unlimited(read("memory.limit_in_bytes")),
            "memory.events" => read("memory.oom_control"),
            "memory.peak" => read("memory.max_usage_in_bytes"),
            "cpu.max" => format!("{} {}", unlimited(read("cpu.cfs_quota_us")), read("cpu.cfs_period_us")),
            same => read(same),
        }
    }

    /// Writes a limit by hand; the same names.
    pub fn limit(&self, group: &str, file: &str, text: &str) {
        let controller = file.split('.').next().unwrap_or_default();
        let root = self.hierarchy.root(controller).expect("a root for each controller");
        let (quota, period) = text.split_once(' ').unwrap_or((text, ""));
        let writes: Vec<(&str, &str)> = match (self.is_v2(), file) {
            (false, "memory.max") => vec![("memory.limit_in_bytes", text)],
            (false, "cpu.max") => vec![("cpu.cfs_period_us", period), ("cpu.cfs_quota_us", quota)],
            _ => vec![(file, text)],
        };
        for (name, text) in writes {
            fs::write(root.path.join(self.name(group)).join(name), text).expect("the check can write a limit");
        }
    }

    /// A number of a file with a name on each line; 0 if the name is not there.
    pub fn count(&self, group: &str, file: &str, name: &str) -> u64 {
        let text = self.file(group, file);
        let words = text.lines().filter_map(|line| line.split_once(' '));
        words.filter(|(key, _)| *key == name).find_map(|(_, number)| number.parse().ok()).unwrap_or(0)
    }

    /// The processes of a group, as the kernel lists them.
    pub fn processes(&self, group: &str) -> Vec<String> {
        let texts = self.paths(group).into_iter().map(|path| fs::read_to_string(path.join("cgroup.procs")));
        texts.flat_map(|text| text.unwrap_or_default().lines().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    /// A command that moves into the group by itself, and then becomes `program`.
    pub fn inside(&self, group: &str, program: &[&str]) -> Command {
        let procs_files: Vec<String> =
            self.paths(group).iter().map(|path| path.join("cgroup.procs").display().to_string()).collect();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "for file in $PROCS; do echo $$ > $file; done; exec \"$@\"", "sh"]).args(program);
        command.env("PROCS", procs_files.join(" ")).stdin(Stdio::null());
        command
    }

    /// Runs the probe inside the group to its end.
    pub fn probe_inside(&self, group: &str, requests: &[&str]) -> Output {
        let program: Vec<&str> = std::iter::once(super::probe()).chain(requests.iter().copied()).collect();
        self.inside(group, &program).output().expect("the shell can be started")
    }

    /// The directories of this trial that there are still.
    pub fn left(&self) -> Vec<PathBuf> {
        fn below(path: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(path).into_iter().flatten().flatten() {
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    below(&entry.path(), found);
                }
            }
            found.push(path.to_owned());
        }
        let mut found = Vec::new();
        self.parents().iter().filter(|parent| parent.exists()).for_each(|parent| below(parent, &mut found));
        found
    }

    /// The group of the learner's crate with this name; finding it is given code.
    pub fn open(&self, group: &str) -> Group {
        Group::open(&self.name(group)).expect("the check made this group")
    }
}

impl Drop for CgroupFixture {
    /// A check that fails half-way leaves no group: what is in one is killed, and
    /// rmdir(2) asked again until the kernel has let go of it.
    fn drop(&mut self) {
        let own = std::process::id().cast_signed();
        for path in self.left() {
            while fs::remove_dir(&path).is_err_and(|error| error.kind() == ErrorKind::ResourceBusy) {
                let pids = fs::read_to_string(path.join("cgroup.procs")).unwrap_or_default();
                let pids: Vec<i32> = pids.lines().filter_map(|line| line.parse().ok()).filter(|pid| *pid > 0).collect();
                if pids.contains(&own) {
                    // A wrong answer moved the check itself in here. Back to the top, where
                    // version 1 and an undivided version 2 let it; else the sandbox cleans up.
                    let top = path.ancestors().find(|path| !path.to_string_lossy().contains(&self.nonce));
                    let moved = top.map(|top| fs::write(top.join("cgroup.procs"), own.to_string()));
                    if !matches!(moved, Some(Ok(()))) {
                        break;
                    }
                }
                for pid in pids.into_iter().filter(|pid| *pid != own) {
                    let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
                }
                std::thread::yield_now();
            }
        }
    }
}
