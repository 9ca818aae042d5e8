//! `cargo xtask vm -- COMMAND`: a command in a throw-away machine with unified
//! control groups, for hosts that have version 1 or none to give.
//!
//! The machine has Debian's cloud kernel and this machine's files. What the
//! command sees as `/` is an overlay: below it the host's root, read-only, above
//! it memory, so that nothing the command does outlives it. Three parts:
//!
//! - [`kernel`] fetches the kernel once and keeps it in `target/vm`;
//! - [`initramfs`] writes the first file system, whose script mounts the rest;
//! - [`machine`] starts the file server and the emulator, and copies what comes
//!   out of them.

mod initramfs;
mod kernel;
mod machine;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::setup::find;

/// Where distributions put the file server: it is started by programs, not by hand.
const VIRTIOFSD: &[&str] = &["/usr/libexec/virtiofsd", "/usr/lib/qemu/virtiofsd", "/usr/lib/virtiofsd", "virtiofsd"];

/// Boots, runs `command` in the directory `workspace`, and returns its exit code.
///
/// Its standard output and error are this process's; its standard input is empty.
///
/// # Errors
/// [`Error::Machine`] with the packages to install; [`Error::Program`] if the
/// machine did not come up or went down before the command ended.
pub fn run(workspace: &Path, command: &[OsString]) -> Result<u8> {
    if command.is_empty() {
        return Err(Error::Usage("say what to run: cargo xtask vm -- COMMAND".to_owned()));
    }
    if !nix::unistd::geteuid().is_root() {
        // Debian 12's virtiofsd calls setgroups(2), which a user namespace with one id
        // denies. With subordinate ids it starts, but the machine's overlayfs asks it to
        // open files with O_NOATIME, which only their owner may (open(2)).
        return Err(Error::Machine {
            lack: "shares its files with a virtual machine only as root".to_owned(),
            remedy: "run the same command with sudo".to_owned(),
        });
    }
    let programs = Programs::find()?;
    let workspace = fs::canonicalize(workspace).map_err(Error::file("find", workspace))?;
    let cache = workspace.join("target/vm");
    fs::create_dir_all(&cache).map_err(Error::file("create", &cache))?;
    let kernel = kernel::get(&cache)?;
    let run = RunDirectory::new(&cache)?;
    let initramfs = run.path.join("initramfs");
    let image = initramfs::build(&programs.busybox, &kernel, &workspace, command)?;
    fs::write(&initramfs, image).map_err(Error::file("write", &initramfs))?;
    machine::run(&programs, &kernel, &run.path)
}

/// The host's programs that take part.
struct Programs {
    qemu: PathBuf,
    virtiofsd: PathBuf,
    busybox: PathBuf,
}

impl Programs {
    fn find() -> Result<Self> {
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

/// The files of one run, removed at its end; those of a run that was killed are
/// removed by the next.
struct RunDirectory {
    path: PathBuf,
}

impl RunDirectory {
    fn new(cache: &Path) -> Result<Self> {
        const PREFIX: &str = "run-";
        for entry in fs::read_dir(cache).map_err(Error::file("read", cache))?.flatten() {
            let name = entry.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
            // A zombie has a directory there, but no program.
            if fs::read_link(Path::new("/proc").join(pid).join("exe")).is_err() {
                let path = entry.path();
                fs::remove_dir_all(&path).map_err(Error::file("remove", &path))?;
            }
        }
        let path = cache.join(format!("{PREFIX}{}", std::process::id()));
        match fs::create_dir(&path) {
            Ok(()) => Ok(Self { path }),
            // This process id had a run before, which was killed.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Self { path }),
            Err(error) => Err(Error::file("create", &path)(error)),
        }
    }
}

impl Drop for RunDirectory {
    fn drop(&mut self) {
        // If it cannot be removed now, the next run will say why.
        let _ = fs::remove_dir_all(&self.path);
    }
}
