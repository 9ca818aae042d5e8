//! Directories that live as long as one check.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// An empty directory that is removed when dropped.
///
/// `cargo xtask check` sets `TMPDIR` to a file system that vanishes with the
/// check, so a check that is killed leaves nothing either.
pub fn scratch() -> TempDir {
    match tempfile::Builder::new().prefix("galley-check-").tempdir() {
        Ok(directory) => directory,
        Err(error) => panic!("no temporary directory for the check: {error}"),
    }
}

/// Copies a program, or a directory of programs, that is about to be run.
///
/// cp(1) does it: a file that this process writes is also open in any child that another
/// test starts meanwhile, and executing it then fails with `ETXTBSY`.
pub fn install(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-R").arg(from).arg(to).status();
    assert!(status.is_ok_and(|status| status.success()), "the check could not copy {}", from.display());
}

/// A root file system with the probe as `/bin/probe`, the empty directories a
/// container expects, and a file `/nonce` that tells this root from any other.
pub struct Rootfs {
    directory: TempDir,
    nonce: String,
}

impl Rootfs {
    /// Builds the root in a directory of its own.
    pub fn new() -> Self {
        let (directory, nonce) = (scratch(), crate::nonce());
        for name in ["bin", "dev", "etc", "proc", "root", "run", "sys", "tmp"] {
            must(fs::create_dir(directory.path().join(name)));
        }
        install(crate::probe(), &directory.path().join("bin/probe"));
        must(fs::write(directory.path().join("nonce"), &nonce));
        Self { directory, nonce }
    }

    /// Where the root is on the host.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Copies the probe to the same path inside that it has on the host, and returns the path.
    ///
    /// A program that should run inside but runs outside then finds it as well, and reports
    /// what is wrong.
    pub fn twin(&self) -> &'static Path {
        let twin = self.inside(&crate::probe().to_string_lossy());
        must(fs::create_dir_all(twin.parent().unwrap_or(self.path())));
        install(crate::probe(), &twin);
        crate::probe()
    }

    /// What `/nonce` holds.
    pub fn nonce(&self) -> &str {
        &self.nonce
    }

    /// The host's path of a path inside, such as `/etc/passwd`.
    pub fn inside(&self, path: &str) -> PathBuf {
        self.path().join(path.trim_start_matches('/'))
    }
}

impl Default for Rootfs {
    fn default() -> Self {
        Self::new()
    }
}

fn must<T>(result: std::io::Result<T>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the check could not prepare its root file system: {error}"),
    }
}
