//! A context and a store to build in, and what the store holds afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nix::fcntl::AT_FDCWD;
use nix::sys::stat::{UtimensatFlags, utimensat};
use nix::sys::time::TimeSpec;
use serde_json::Value;
use tempfile::TempDir;

use crate::{errors, program, str, text};

/// An empty context, and an empty store.
pub struct BuildFixture {
    directory: TempDir,
}

impl BuildFixture {
    pub fn new() -> Self {
        // The modes of new files are those of the snapshots, whatever the user's umask is.
        nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o022));
        let fixture = Self { directory: checks::scratch() };
        fs::create_dir(fixture.context()).unwrap();
        fixture
    }

    pub fn context(&self) -> PathBuf {
        self.directory.path().join("context")
    }

    pub fn store(&self) -> PathBuf {
        self.directory.path().join("store")
    }

    /// Puts a file into the context, with a fixed time.
    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.context().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        self.same_time(name);
        self
    }

    /// Gives a file or link of the context a fixed time.
    pub fn same_time(&self, name: &str) {
        let time = TimeSpec::new(1_000_000_000, 0);
        utimensat(AT_FDCWD, &self.context().join(name), &time, &time, UtimensatFlags::NoFollowSymlink).unwrap();
    }

    pub fn dockerfile(&self, lines: &[&str]) -> &Self {
        self.put("Dockerfile", lines.join("\n") + "\n")
    }

    /// Puts the probe into the context, as `probe`.
    pub fn probe(&self) -> &Self {
        let path = self.context().join("probe");
        fs::copy(checks::probe(), path).unwrap();
        self
    }

    /// The chapter's program, about to build this context.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.args(["build", str(&self.store()), str(&self.context()), "here/image:1"]).args(arguments);
        command
    }

    pub fn try_build(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Builds, and returns what was printed.
    pub fn build(&self, arguments: &[&str]) -> String {
        let output = self.try_build(arguments);
        assert!(output.status.success(), "the build failed:\n{}{}", text(&output), errors(&output));
        text(&output)
    }

    /// The build must fail; what it says.
    pub fn refusal(&self) -> String {
        let output = self.try_build(&[]);
        assert!(!output.status.success(), "the build was to fail, but it did not:\n{}", text(&output));
        errors(&output)
    }

    fn json(&self, path: &Path) -> Value {
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    fn blob(&self, descriptor: &Value) -> PathBuf {
        let digest = descriptor["digest"].as_str().expect("a descriptor has a digest");
        self.store().join("blobs/sha256").join(digest.trim_start_matches("sha256:"))
    }

    /// The names in the store.
    pub fn names(&self) -> Vec<String> {
        let index = self.json(&self.store().join("index.json"));
        let names = index["manifests"].as_array().unwrap().iter();
        names
            .filter_map(|it| it["annotations"]["org.opencontainers.image.ref.name"].as_str().map(str::to_owned))
            .collect()
    }

    fn manifest(&self) -> Value {
        let index = self.json(&self.store().join("index.json"));
        let all = index["manifests"].as_array().unwrap();
        let ours = all.iter().find(|it| it["annotations"]["org.opencontainers.image.ref.name"] == "here/image:1");
        self.json(&self.blob(ours.expect("the built image has its name in index.json")))
    }

    /// The image's configuration.
    pub fn config(&self) -> Value {
        self.json(&self.blob(&self.manifest()["config"]))
    }

    /// The files of the image's layers, lowest first.
    pub fn layers(&self) -> Vec<PathBuf> {
        self.manifest()["layers"].as_array().unwrap().iter().map(|layer| self.blob(layer)).collect()
    }

    /// The last layer as tar lists it: mode, owner, size, time, name.
    pub fn listing(&self) -> String {
        let layer = self.layers().pop().expect("the image has a layer");
        let listed = tar(&["--numeric-owner", "--full-time", "-tvzf", str(&layer)]);
        listed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n").collect()
    }

    /// A file's content in the last layer.
    pub fn content(&self, name: &str) -> String {
        let layer = self.layers().pop().expect("the image has a layer");
        tar(&["-xOzf", str(&layer), name])
    }

    /// Whether a file of the layer has this word in it.
    pub fn holds(&self, layer: &Path, word: &str) -> bool {
        tar(&["-xOzf", str(layer)]).contains(word)
    }
}

fn tar(arguments: &[&str]) -> String {
    let output = Command::new("tar").args(arguments).env("LC_ALL", "C").env("TZ", "UTC").output().unwrap();
    assert!(output.status.success(), "tar {}: {}", arguments.join(" "), errors(&output));
    text(&output)
}
