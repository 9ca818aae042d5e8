//! One run of the machine.

use std::ffi::OsString;

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
    // Below `target/tmp`, which `cargo xtask clean` empties after a kill.
    let temporary = repo.target().join("tmp");
    files::create_dir(&temporary)?;
    let run = tempfile::Builder::new().prefix("vm-").tempdir_in(&temporary).map_err(Error::file("use", &temporary))?;
    initramfs::build(run.path(), &programs.busybox, &kernel, repo.root(), command)?;
    emulator::run(&programs, &kernel, run.path())
}
