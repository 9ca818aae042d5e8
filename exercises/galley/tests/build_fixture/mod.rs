//! galley with a home and a context of its own, as a user has them.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A throw-away `GALLEY_HOME`, and a context to build from.
pub struct BuildFixture {
    directory: TempDir,
}

impl BuildFixture {
    pub fn new() -> Self {
        let fixture = Self { directory: checks::scratch() };
        fs::create_dir(fixture.context()).unwrap();
        fixture
    }

    /// With `base:1` in it: busybox, as Debian packs it. `None` without busybox.
    pub fn with_base() -> Option<Self> {
        let busybox = ["/usr/bin/busybox", "/bin/busybox"].into_iter().find(|path| Path::new(path).exists());
        let Some(busybox) = busybox else {
            eprintln!("skipped: busybox is not installed; `cargo xtask setup` installs it");
            return None;
        };
        let fixture = Self::new();
        fs::copy(busybox, fixture.context().join("busybox")).unwrap();
        fixture.put(
            "Dockerfile",
            "FROM scratch\nCOPY busybox /bin/\nRUN [\"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]\n",
        );
        fixture.good(&["build", "-t", "base:1", fixture.context().to_str().unwrap()]);
        Some(fixture)
    }

    pub fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    pub fn context(&self) -> PathBuf {
        self.directory.path().join("context")
    }

    /// A path beside the home, for archives and the like.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.context().join(name), content).unwrap();
    }

    pub fn galley(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(checks::program_path(env!("CARGO_BIN_EXE_galley")));
        command.args(arguments).env("GALLEY_HOME", self.home()).env_remove("GALLEY_PANTRY");
        command
    }

    /// Runs galley, which must succeed, and returns what it printed.
    pub fn good(&self, arguments: &[&str]) -> String {
        let output = self.galley(arguments).output().unwrap();
        assert!(output.status.success(), "galley {}:\n{}{}", arguments.join(" "), text(&output), errors(&output));
        text(&output)
    }

    /// Builds a Dockerfile's text as `name`.
    pub fn build(&self, name: &str, dockerfile: &str) -> Output {
        self.put("Dockerfile", dockerfile);
        self.galley(&["build", "-t", name, self.context().to_str().unwrap()]).output().unwrap()
    }
}

pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
