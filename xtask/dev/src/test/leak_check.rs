//! Compares the machine before and after the tests: nothing may be left behind.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use xtask::clean;
use xtask::error::{Error, Result};
use xtask::repo::Repo;

/// The state of the machine at one time.
pub struct Host {
    /// Each kind of thing, with everything there is of it.
    kinds: Vec<(&'static str, BTreeSet<String>)>,
}

impl Host {
    pub fn look(repo: &Repo) -> Result<Self> {
        Ok(Self {
            kinds: vec![
                ("mount", mounts()?),
                ("control group", groups(Path::new("/sys/fs/cgroup"))),
                (
                    "process",
                    clean::processes_of(repo)?.into_iter().map(|(pid, name)| format!("{name} ({pid})")).collect(),
                ),
                ("temporary file", temporary_files()),
            ],
        })
    }

    /// A line for each thing that was added or is gone.
    pub fn differences(&self, after: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        for ((kind, before), (_, after)) in self.kinds.iter().zip(&after.kinds) {
            lines.extend(after.difference(before).map(|thing| format!("  left behind: {kind} {thing}")));
            // Other programs may end processes and remove files meanwhile, but nobody else
            // removes mounts or groups.
            if matches!(*kind, "mount" | "control group") {
                lines.extend(before.difference(after).map(|thing| format!("  gone: {kind} {thing}")));
            }
        }
        lines
    }
}

fn mounts() -> Result<BTreeSet<String>> {
    let path = Path::new("/proc/self/mountinfo");
    let text = fs::read_to_string(path).map_err(Error::file("read", path))?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// The groups that this workbook makes; other programs' come and go.
fn groups(directory: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir() && !path.is_symlink()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // The name of a check's group ends with its supervisor's id. If that is alive, the
            // check is another user's, because all of ours have ended.
            let at_work = name.rsplit('-').next().is_some_and(|pid| Path::new("/proc").join(pid).is_dir());
            if at_work {
                continue;
            }
            if name.contains("galley") {
                found.insert(path.display().to_string());
            }
            open.push(path);
        }
    }
    found
}

/// In CI all temporary files; elsewhere those with a name that something here uses.
fn temporary_files() -> BTreeSet<String> {
    let alone = env::var_os("CI").is_some();
    let ours = |name: &str| ["galley", "registry-server", "insta"].iter().any(|word| name.contains(word));
    let directories = BTreeSet::from([env::temp_dir(), PathBuf::from("/tmp")]);
    let entries = directories.iter().filter_map(|directory| fs::read_dir(directory).ok()).flatten().flatten();
    let names = entries.map(|entry| entry.path().display().to_string());
    names.filter(|name| alone || ours(name)).collect()
}
