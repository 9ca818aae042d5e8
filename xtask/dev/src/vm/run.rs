//! One run of the machine.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use xtask::error::{Error, Result};
use xtask::files;
use xtask::repo::Repo;

use super::programs::Programs;
use super::{emulator, initramfs, kernel};

/// Boots, runs `command` in the repository, and returns its exit code.
///
/// Its standard output and error are this process's; its standard input is empty.
///
/// # Errors
/// [`Error::Machine`] with the packages to install; [`Error::Program`] if the
/// machine did not come up or went down before the command ended.
pub fn run(repo: &Repo, command: &[OsString]) -> Result<u8> {
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
    let cache = repo.target().join("vm");
    files::create_dir(&cache)?;
    let kernel = kernel::get(&cache)?;
    let run = RunDirectory::new(&cache)?;
    initramfs::build(&run.path, &programs.busybox, &kernel, repo.root(), command)?;
    emulator::run(&programs, &kernel, &run.path)
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
