//! The programs of this machine that take part.

use std::fs;
use std::path::{Path, PathBuf};

use xtask::error::{Error, Result};
use xtask::packages::find;

/// Where distributions put the file server: it is started by programs, not by hand.
const VIRTIOFSD: &[&str] = &["/usr/libexec/virtiofsd", "/usr/lib/qemu/virtiofsd", "/usr/lib/virtiofsd", "virtiofsd"];

/// The host's programs that take part.
pub struct Programs {
    pub qemu: PathBuf,
    pub virtiofsd: PathBuf,
    pub busybox: PathBuf,
}

impl Programs {
    pub fn find() -> Result<Self> {
        if !cfg!(target_arch = "x86_64") {
            return Err(Error::Machine {
                lack: "is no x86-64, and the virtual machine's kernel is".to_owned(),
                remedy: "run the checks on a host with unified cgroups instead".to_owned(),
            });
        }
        let qemu = find("qemu-system-x86_64");
        let busybox = find("busybox").filter(|path| is_static(path));
        let virtiofsd = VIRTIOFSD.iter().find_map(|name| find(name));
        let mut missing = Vec::new();
        if qemu.is_none() {
            missing.push("qemu-system-x86");
        }
        if virtiofsd.is_none() {
            // Debian 12 has it in qemu-system-common, which qemu-system-x86 brings.
            missing.push(if qemu.is_none() { "qemu-system-common" } else { "virtiofsd" });
        }
        if busybox.is_none() {
            missing.push("busybox-static");
        }
        match (qemu, virtiofsd, busybox) {
            (Some(qemu), Some(virtiofsd), Some(busybox)) => Ok(Self { qemu, virtiofsd, busybox }),
            _ => Err(Error::Machine {
                lack: format!("has no {}", missing.join(", no ")),
                remedy: format!("sudo apt-get install -y --no-install-recommends {}", missing.join(" ")),
            }),
        }
    }
}

/// A program that needs no loader; that of the package `busybox` needs one.
fn is_static(program: &Path) -> bool {
    const LOADER: &[u8] = b"/lib64/ld-linux";
    fs::read(program).is_ok_and(|bytes| !bytes.windows(LOADER.len()).any(|window| window == LOADER))
}
