//! The kernel: downloaded as a Debian package, unpacked, never installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::error::{Error, Result};

use crate::stage::quiet;

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

/// Leaves the kernel and its modules in `kernel` below the directory that is the first
/// argument; the others are the modules. The package asked for depends on the newest kernel.
const FETCH: &str = r#"
set -e
export LC_ALL=C
cd "$1"
shift
package=$(apt-cache depends --important linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p')
[ -n "$package" ] || { echo "no package linux-image-cloud-amd64" >&2; exit 1; }
echo "vm: fetching $package, once"
apt-get --quiet download $package
dpkg -x *.deb tree
mkdir kernel
mv tree/boot/vmlinuz* kernel/vmlinuz
for module; do mv tree/lib/modules/*/kernel/$module.ko kernel/; done
"#;

/// Downloads and unpacks beside the destination, then renames: a cache that is there is
/// whole.
fn fetch(cache: &Path, destination: &Path) -> Result<()> {
    let scratch = tempfile::tempdir_in(cache).map_err(Error::file("use", cache))?;
    let mut command = Command::new("sh");
    quiet(command.args(["-c", FETCH, "sh"]).arg(scratch.path()).args(MODULES)).map_err(|error| Error::Machine {
        lack: format!("could not fetch a kernel: {error}"),
        remedy: "on Debian or Ubuntu, `sudo apt-get update` may help".to_owned(),
    })?;
    fs::rename(scratch.path().join("kernel"), destination).map_err(Error::file("write", destination))
}
