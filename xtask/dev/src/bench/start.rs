//! How long a container takes from the command to its program's end.

use std::fs;
use std::path::Path;

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::geteuid;

use xtask::error::{Error, Result};
use xtask::files;
use xtask::galley::{Choice, Galley};
use xtask::packages::find;
use xtask::repo::Repo;

use super::measure::{Timed, in_scratch, judge, need, race};

/// What galley may take, in proportion to crun.
const BUDGET: f64 = 1.5;

/// What Debian's packages for podman want to be told on a machine without systemd.
pub const CONTAINERS_CONF: &str =
    "[containers]\ndefault_ulimits = []\n[engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"none\"\n";

/// Starts `/bin/true` in its own root file system, with galley and its peers.
pub fn run(repo: &Repo) -> Result<()> {
    need(&["busybox"])?;
    let galley = Galley::build(repo, Choice::Reference, true)?.program;
    in_scratch(repo, |scratch| {
        fill(scratch)?;
        hide_unified()?;
        compare(&galley.display().to_string(), scratch)
    })
}

/// A root file system with one program, and a bundle around it for crun and runc.
fn fill(scratch: &Path) -> Result<()> {
    // crun and runc do not make mount points in a root that is read-only.
    ["bin", "proc", "sys", "dev"].iter().try_for_each(|name| files::create_dir(&scratch.join("rootfs").join(name)))?;
    let busybox = find("busybox").unwrap_or_default();
    fs::copy(&busybox, scratch.join("rootfs/bin/true")).map_err(Error::file("copy", &busybox))?;
    files::write(&scratch.join("config.json"), BUNDLE)?;
    files::write(&scratch.join("containers.conf"), CONTAINERS_CONF)
}

/// The same isolation as galley's: the runtime-spec's config.json, without what
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
fn hide_unified() -> Result<()> {
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

fn compare(galley: &str, scratch: &Path) -> Result<()> {
    let directory = scratch.display().to_string();
    let (rootfs, home) = (format!("{directory}/rootfs"), format!("GALLEY_HOME={directory}/home"));
    // As people type it: with the way out of a private network, where there is one. The
    // others' private network is `lo` alone, so galley does a little more.
    let ours = Timed::new("galley", &["env", &home, galley, "run", "--rm", "--rootfs", &rootfs, "/bin/true"]);
    let bundle = |program: &'static str| {
        let state = format!("{directory}/{program}");
        Timed::new(program, &[program, "--root", &state, "run", "--bundle", &directory, "bench"])
    };
    // podman also looks after images, as galley does; crun and runc only start.
    let flags = ["run", "--rm", "--network", "none", "--rootfs", &rootfs, "/bin/true"];
    let peers = [bundle("crun"), bundle("runc"), podman(scratch, "podman", &flags)];
    let (_, ratios) = race(&ours, &peers, 31)?;
    let crun = ratios.iter().find(|(name, _)| *name == "crun");
    crun.map_or(Ok(()), |(_, ratio)| judge("galley against crun", *ratio, BUDGET, ""))
}

/// podman or buildah, with a storage of its own in `scratch`.
pub fn podman(scratch: &Path, program: &'static str, words: &[&str]) -> Timed {
    let directory = scratch.display();
    let conf = format!("CONTAINERS_CONF={directory}/containers.conf");
    let (root, state) = (format!("{directory}/storage"), format!("{directory}/state"));
    let own = ["env", &conf, program, "--storage-driver", "vfs", "--root", &root, "--runroot", &state];
    Timed::new(program, &[&own, words].concat())
}
