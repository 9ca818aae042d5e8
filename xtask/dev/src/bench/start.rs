//! How long a container takes from the command to its program's end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::geteuid;

use super::compare::{Contestant, race, those_that_run};
use super::scratch::{in_scratch, judge};
use xtask::error::{Error, Result};
use xtask::files;
use xtask::galley::{Choice, Galley};
use xtask::packages;
use xtask::repo::Repo;

const ROUNDS: usize = 31;

/// What galley may take, in proportion to crun.
const MOST: f64 = 1.5;

/// What Debian's packages for podman want to be told on a machine without systemd.
pub const CONTAINERS_CONF: &str =
    "[containers]\ndefault_ulimits = []\n[engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"none\"\n";

/// Starts `/bin/true` in a root file system of its own, with galley and its peers.
pub fn run(repo: &Repo) -> Result<()> {
    let galley = Galley::build(repo, Choice::Reference, true)?.program;
    in_scratch(repo, |scratch| {
        fill(scratch)?;
        without_unified()?;
        compare(&galley, scratch)
    })
}

/// A root file system with one program, and a bundle around it for crun and runc.
fn fill(scratch: &Path) -> Result<()> {
    let Some(busybox) = packages::find("busybox") else {
        return Err(Error::Machine {
            lack: "has no busybox".to_owned(),
            remedy: "`cargo xtask setup` installs it".to_owned(),
        });
    };
    let bin = scratch.join("rootfs/bin");
    // crun and runc do not make mount points in a root that is read-only.
    for directory in ["bin", "proc", "sys", "dev"].map(|name| scratch.join("rootfs").join(name)) {
        files::create_dir(&directory)?;
    }
    fs::copy(&busybox, bin.join("true")).map_err(Error::file("copy", &busybox))?;
    let files = [("config.json", BUNDLE), ("containers.conf", CONTAINERS_CONF)];
    files.iter().try_for_each(|(name, text)| {
        let path = scratch.join(name);
        fs::write(&path, text).map_err(Error::file("write", &path))
    })
}

/// The same walls as galley builds: the runtime-spec's config.json, without what
/// galley does not do either (capabilities and seccomp are chapter 8's).
const BUNDLE: &str = r#"{
  "ociVersion": "1.0.0",
  "process": { "user": { "uid": 0, "gid": 0 }, "args": ["/bin/true"], "cwd": "/", "env": ["PATH=/bin"] },
  "root": { "path": "rootfs" },
  "hostname": "bench",
  "mounts": [
    { "destination": "/proc", "type": "proc", "source": "proc" },
    { "destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=64k"] },
    { "destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance", "ptmxmode=0666"] },
    { "destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "nodev", "mode=1777"] },
    { "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid", "nodev"] },
    { "destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "nodev", "ro"] }
  ],
  "linux": { "namespaces": [
    { "type": "pid" }, { "type": "network" }, { "type": "ipc" }, { "type": "uts" }, { "type": "mount" }, { "type": "cgroup" }
  ] }
}"#;

/// crun refuses to run where control groups of both versions are mounted. Everybody
/// gets to see those of version 1, in a mount namespace of this process.
fn without_unified() -> Result<()> {
    if !geteuid().is_root() {
        return Ok(());
    }
    unshare(CloneFlags::CLONE_NEWNS).map_err(Error::call("unshare"))?;
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).map_err(Error::call("mount"))?;
    match umount2("/sys/fs/cgroup/unified", MntFlags::MNT_DETACH) {
        Ok(()) | Err(Errno::ENOENT | Errno::EINVAL) => Ok(()),
        Err(errno) => Err(Error::call("umount")(errno)),
    }
}

fn compare(galley: &Path, scratch: &Path) -> Result<()> {
    let rootfs = scratch.join("rootfs");
    // As people type it: with the way out of a private network, where there is one.
    let galley = || {
        let mut command = Command::new(galley);
        command
            .env("GALLEY_HOME", scratch.join("home"))
            .args(["run", "--rm", "--rootfs"])
            .arg(&rootfs)
            .arg("/bin/true");
        command
    };
    let bundle = |program: &'static str| {
        let state = scratch.join(program);
        move || {
            let mut command = Command::new(program);
            command.arg("--root").arg(&state).args(["run", "--bundle"]).arg(scratch).arg("bench");
            command
        }
    };
    // podman also looks after images, as galley does; crun and runc only start.
    let podman = || {
        let mut command = podman(scratch, "podman");
        command.args(["run", "--rm", "--network", "none", "--rootfs"]).arg(&rootfs).arg("/bin/true");
        command
    };
    // Their private network is `lo` alone, so galley's does a little more.
    let peers = vec![
        Contestant::new("crun", bundle("crun")),
        Contestant::new("runc", bundle("runc")),
        Contestant::new("podman", podman),
    ];
    let outcome = race(&those_that_run(Contestant::new("galley", galley), peers)?, ROUNDS)?;
    outcome.against("crun").map_or(Ok(()), |ratio| judge("galley against crun", ratio, MOST, ""))
}

/// podman or buildah, with a storage of its own in `scratch`.
pub fn podman(scratch: &Path, program: &str) -> Command {
    let [root, state, conf]: [PathBuf; 3] = ["storage", "state", "containers.conf"].map(|name| scratch.join(name));
    let mut command = Command::new(program);
    command
        .env("CONTAINERS_CONF", conf)
        .args(["--storage-driver", "vfs", "--root"])
        .arg(root)
        .arg("--runroot")
        .arg(state);
    command
}
