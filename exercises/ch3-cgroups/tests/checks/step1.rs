use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cgroups::{Error, enable_controllers};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use nix::sys::stat::Mode;
use nix::unistd::{AccessFlags, access};

use super::cgroup_fixture::CgroupFixture;

/// A directory with the two files, where `cgroup.subtree_control` tells what is written.
struct Fixture<'a> {
    directory: &'a Path,
    written: File,
}

impl<'a> Fixture<'a> {
    fn new(directory: &'a Path, available: &str) -> Self {
        fs::write(directory.join("cgroup.controllers"), format!("{available}\n")).expect("the check can write");
        let control = directory.join("cgroup.subtree_control");
        nix::unistd::mkfifo(&control, Mode::S_IRWXU).expect("the check can make a FIFO");
        // With both ends open, neither side has to wait for the other.
        let written = File::options()
            .read(true)
            .write(true)
            .custom_flags(nix::libc::O_NONBLOCK)
            .open(&control)
            .expect("the check can open its FIFO");
        Self { directory, written }
    }

    /// The words that were written so far.
    fn words(&mut self) -> BTreeSet<String> {
        let mut bytes = [0; 4096];
        let length = self.written.read(&mut bytes).unwrap_or(0);
        let text = String::from_utf8_lossy(&bytes[..length]).replace('+', " +").replace('-', " -");
        text.split_whitespace().map(str::to_owned).collect()
    }
}

fn words(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn what_is_wanted_and_available_is_added() {
    let (one, other) = (checks::scratch(), checks::scratch());
    let mut fixture = Fixture::new(one.path(), "cpuset cpu io memory hugetlb pids rdma");
    let result = enable_controllers(fixture.directory, &["memory", "pids", "cpu"]);
    assert!(result.is_ok(), "all three are in cgroup.controllers: {result:?}");
    assert_eq!(
        fixture.words(),
        words(&["+memory", "+pids", "+cpu"]),
        "each wanted controller is added with a + before its name, and no other is touched"
    );
    let mut fixture = Fixture::new(other.path(), "cpu pids");
    let result = enable_controllers(fixture.directory, &["memory", "pids"]);
    assert!(result.is_ok(), "memory is not available here, and that is for the limit to say: {result:?}");
    assert_eq!(fixture.words(), words(&["+pids"]), "only what cgroup.controllers lists can be enabled");
}

/// A group of version 2 that has controllers to pass on, made by hand.
struct Parent {
    path: PathBuf,
    /// Those that the check asks for.
    controllers: Vec<String>,
    /// What the check has changed, held and put back on a hybrid machine.
    root: Option<(PathBuf, Flock<File>)>,
    _trial: CgroupFixture,
}

impl Parent {
    fn new() -> Option<Self> {
        let trial = CgroupFixture::with_group()?;
        if trial.is_v2() {
            let (path, controllers) = (trial.paths("web").remove(0), vec!["memory".into(), "pids".into()]);
            return Some(Self { path, controllers, root: None, _trial: trial });
        }
        // A hybrid machine has a tree of version 2 with what version 1 does not use.
        let Some((root, lock, name)) = unified_controller() else {
            checks::unable(
                "no control groups of version 2 with a free controller can be changed here; \
                 `cargo xtask vm -- cargo xtask check ch3 --step 1` runs this in a virtual machine",
            );
            return None;
        };
        fs::write(root.join("cgroup.subtree_control"), format!("+{name}")).expect("the check can enable a controller");
        let path = root.join(format!("galley-trial-{}", checks::nonce()));
        fs::create_dir(&path).expect("the check can make a group");
        Some(Self { path, controllers: vec![name], root: Some((root, lock)), _trial: trial })
    }
}

impl Drop for Parent {
    fn drop(&mut self) {
        // The kernel can need a moment after a process has ended.
        let remove = |path: &Path| {
            while fs::remove_dir(path).is_err_and(|error| error.kind() == ErrorKind::ResourceBusy) {
                std::thread::yield_now();
            }
        };
        remove(&self.path.join("inner"));
        if let Some((root, _)) = &self.root {
            remove(&self.path);
            let _ = fs::write(root.join("cgroup.subtree_control"), format!("-{}", self.controllers[0]));
        }
    }
}

/// A tree of version 2 that we may change, locked for this check alone, and a controller that
/// nobody uses in it.
fn unified_controller() -> Option<(PathBuf, Flock<File>, String)> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").expect("/proc is mounted");
    let points = mounts.lines().filter(|line| line.contains(" - cgroup2 ")).filter_map(|line| line.split(' ').nth(4));
    points.map(Path::new).find_map(|point| {
        access(&point.join("cgroup.subtree_control"), AccessFlags::W_OK).ok()?;
        let lock = Flock::lock(File::open(point).ok()?, FlockArg::LockExclusive).ok()?;
        let available = fs::read_to_string(point.join("cgroup.controllers")).ok()?;
        let enabled = fs::read_to_string(point.join("cgroup.subtree_control")).ok()?;
        let name = available.split_whitespace().find(|name| !enabled.contains(name))?;
        Some((point.to_owned(), lock, name.to_owned()))
    })
}

#[test]
fn the_groups_below_get_the_files() {
    let Some(parent) = Parent::new() else { return };
    let mut wanted: Vec<&str> = vec!["no-such-controller"];
    wanted.extend(parent.controllers.iter().map(String::as_str));
    let result = enable_controllers(&parent.path, &wanted);
    assert!(
        result.is_ok(),
        "one of the names cannot be enabled, and the kernel refuses a write as a whole: {result:?}"
    );
    let below = parent.path.join("inner");
    fs::create_dir(&below).expect("the check can make a group");
    let files: Vec<String> = fs::read_dir(&below)
        .expect("the group can be listed")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    for controller in &parent.controllers {
        assert!(
            files.iter().any(|file| file.starts_with(&format!("{controller}."))),
            "a group below has no file of {controller}: write +{controller} to cgroup.subtree_control of its parent"
        );
    }
}

#[test]
fn a_group_that_holds_processes_is_refused() {
    let Some(parent) = Parent::new() else { return };
    let mut child = Command::new(super::probe()).arg("hold").stdin(Stdio::piped()).spawn().expect("the probe starts");
    fs::write(parent.path.join("cgroup.procs"), child.id().to_string()).expect("the check can move its child");
    let wanted: Vec<&str> = parent.controllers.iter().map(String::as_str).collect();
    let result = enable_controllers(&parent.path, &wanted);
    child.kill().and_then(|()| child.wait()).expect("the probe is our child");
    assert!(
        matches!(&result, Err(Error::Sys(error)) if error.errno == Errno::EBUSY),
        "the kernel answers EBUSY for a group with a process in it, and enable_controllers answers {result:?}"
    );
}

#[test]
fn version_1_has_no_such_files() {
    let directory = checks::scratch();
    let result = enable_controllers(directory.path(), &["memory"]);
    assert!(
        matches!(&result, Err(Error::Sys(error)) if error.errno == Errno::ENOENT),
        "without cgroup.controllers there is nothing to enable, and the caller has to know: {result:?}"
    );
}
