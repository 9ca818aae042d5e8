//! The kernel: downloaded as a Debian package, unpacked, never installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use xtask::error::{Error, Result};
use xtask::files;

/// A package without files that depends on the newest kernel of the release.
const META_PACKAGE: &str = "linux-image-cloud-amd64";

/// What the machine needs that is not built in, in the order of insmod: each
/// finds what it needs loaded.
const MODULES: &[&str] = &[
    "drivers/virtio/virtio_ring",
    "drivers/virtio/virtio",
    "drivers/virtio/virtio_pci_legacy_dev",
    "drivers/virtio/virtio_pci_modern_dev",
    "drivers/virtio/virtio_pci",
    "drivers/char/virtio_console",
    "fs/fuse/fuse",
    "fs/fuse/virtiofs",
    "fs/overlayfs/overlay",
    "drivers/net/veth",
    "drivers/net/tun",
];

/// A kernel and its modules, as files in the cache.
pub struct Kernel {
    pub image: PathBuf,
    pub modules: Vec<PathBuf>,
}

/// The kernel in the cache, fetched if it is not there.
pub fn get(cache: &Path) -> Result<Kernel> {
    let directory = cache.join("kernel");
    if !directory.is_dir() {
        fetch(cache, &directory)?;
    }
    let file_name = |module: &&str| format!("{}.ko", module.rsplit('/').next().unwrap_or(module));
    let modules = MODULES.iter().map(|module| directory.join(file_name(module))).collect();
    Ok(Kernel { image: directory.join("vmlinuz"), modules })
}

/// Downloads and unpacks beside the destination, then renames: a cache that is
/// there is whole.
fn fetch(cache: &Path, destination: &Path) -> Result<()> {
    let package = newest()?;
    eprintln!("vm: fetching {package}, once");
    let scratch = cache.join(format!("fetch-{}", std::process::id()));
    files::create_dir(&scratch)?;
    let result = unpack(&package, &scratch)
        .and_then(|found| fs::rename(&found, destination).map_err(Error::file("write", destination)));
    let removed = fs::remove_dir_all(&scratch).map_err(Error::file("remove", &scratch));
    result.and(removed)
}

/// The package that the meta package depends on.
fn newest() -> Result<String> {
    let output = apt(Command::new("apt-cache").args(["depends", "--important", META_PACKAGE]))?;
    let depends = output.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    depends.map(str::trim).find(|name| name.starts_with("linux-image-")).map(str::to_owned).ok_or_else(|| {
        Error::Machine {
            lack: format!("knows no package {META_PACKAGE}"),
            remedy: "on Debian: sudo apt-get update".to_owned(),
        }
    })
}

/// Leaves the kernel and the modules, alone, in a directory of `scratch`.
fn unpack(package: &str, scratch: &Path) -> Result<PathBuf> {
    apt(Command::new("apt-get").args(["--quiet", "download", package]).current_dir(scratch))?;
    let archive = only(scratch, |name| name.ends_with(".deb"))?;
    let tree = scratch.join("tree");
    apt(Command::new("dpkg").arg("-x").arg(&archive).arg(&tree))?;
    let found = scratch.join("kernel");
    fs::create_dir(&found).map_err(Error::file("create", &found))?;
    let image = only(&tree.join("boot"), |name| name.starts_with("vmlinuz"))?;
    let take = |from: &Path, to: PathBuf| fs::rename(from, &to).map_err(Error::file("find", from));
    take(&image, found.join("vmlinuz"))?;
    let modules = only(&tree.join("lib/modules"), |_| true)?.join("kernel");
    for module in MODULES {
        let file = modules.join(format!("{module}.ko"));
        take(&file, found.join(file.file_name().unwrap_or_default()))?;
    }
    Ok(found)
}

fn only(directory: &Path, wanted: impl Fn(&str) -> bool) -> Result<PathBuf> {
    let entries = fs::read_dir(directory).map_err(Error::file("read", directory))?;
    let found = entries.flatten().find(|entry| entry.file_name().to_str().is_some_and(&wanted));
    found
        .map(|entry| entry.path())
        .ok_or_else(|| Error::file("find what was expected in", directory)(std::io::ErrorKind::NotFound.into()))
}

/// Runs one of Debian's tools and returns its output.
fn apt(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let fault = |fault: String| Error::Program { program: program.clone(), fault };
    let output = command.stdin(Stdio::null()).output().map_err(|error| Error::Machine {
        lack: format!("cannot run {program} ({error}), which fetches the kernel"),
        remedy: "use Debian or Ubuntu for this command".to_owned(),
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(fault(format!("failed: {}; try `sudo apt-get update` first", said.trim())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
