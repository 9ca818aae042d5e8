//! `cargo xtask bench transfer`: one gigabyte to Debian's docker-registry on this machine
//! and back, beside what others need for the same bytes.
//!
//! A push is compared with the registry's own time for one PATCH with the layer, sent by
//! curl; a pull with `skopeo copy` into an OCI layout. Neither galley nor skopeo unpacks
//! here: both fetch, verify, write and sync.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::error::{Error, Result};
use xtask::files;
use xtask::galley::{Choice, Galley};
use xtask::repo::Repo;

use super::measure::{Timed, in_scratch, judge, need, noise, peak_memory, time};
use crate::registry::DockerRegistry;
use crate::stage::quiet;

/// How often each is run; the median counts.
const RUNS: usize = 5;
/// Bytes of the layer.
const SIZE: u64 = 1_000_000_000;
/// What a push may take of the registry's own PATCH, and a pull of skopeo's copy.
const PUSH: f64 = 1.2;
const PULL: f64 = 1.0;
/// What galley may need of memory at most, in megabytes.
const MEMORY: f64 = 50.0;

/// The layer as one chunk, which is how long the registry takes for these bytes.
const PATCH: &str = r#"
location=$(curl -si -X POST "$1" | tr -d '\r' | sed -n 's/^Location: //p')
exec curl -sf -X PATCH -H Expect: -H 'Content-Type: application/octet-stream' -T "$2" "$location"
"#;

/// Measures and prints.
pub fn run(repo: &Repo) -> Result<()> {
    need(&["docker-registry", "skopeo", "curl", "hyperfine"])?;
    let galley = Galley::build(repo, Choice::Reference, true)?.program;
    in_scratch(repo, |scratch| {
        let registry = DockerRegistry::start(scratch, None)?;
        println!("an image with one layer of {} MB", SIZE / 1_000_000);
        Bench { root: scratch, galley: &galley, address: &registry.address }.measure()
    })
}

struct Bench<'a> {
    root: &'a Path,
    galley: &'a Path,
    address: &'a str,
}

impl Bench<'_> {
    fn measure(&self) -> Result<()> {
        let name = format!("{}/bench/layer:1", self.address);
        let layer = self.build(&name)?.display().to_string();
        let at = |place: &str| self.root.join(place).display().to_string();
        let uploads = format!("http://{}/v2/bench/patch/blobs/uploads/", self.address);
        // Both find a registry without these bytes, and a disk with nothing left to write.
        let empty = format!("rm -rf {}; sync", at("data"));
        let patch = Timed::new("curl", &["sh", "-c", PATCH, "sh", &uploads, &layer]).after(&empty);
        let push = self.timed("home", &["push", &name]).after(&empty);
        let pushes = time(&[&patch, &push], RUNS, false, false)?;
        let (image, layout) = (format!("docker://{name}"), format!("oci:{}:1", at("layout")));
        let flags = ["--insecure-policy", "copy", "--quiet", "--src-tls-verify=false", &image, &layout];
        let skopeo = Timed::new("skopeo", &[&["skopeo"], &flags[..]].concat());
        let pull = self.timed("empty", &["pull", &name]);
        let skopeo = skopeo.after(&format!("rm -rf {}; sync", at("layout")));
        let pulls = time(&[&skopeo, &pull.after(&format!("rm -rf {}; sync", at("empty")))], RUNS, false, false)?;
        files::remove(&self.root.join("empty"))?;
        let pulling = peak_memory(self.command("empty").args(["pull", &name]))?;
        files::remove(&self.root.join("data"))?;
        let pushing = peak_memory(self.command("home").args(["push", &name]))?;
        let results = [
            judge("a push against the registry's PATCH", pushes[1].wall / pushes[0].wall, PUSH, ""),
            judge("a pull against skopeo copy", pulls[1].wall / pulls[0].wall, PULL, ""),
            judge("memory of a push", pushing, MEMORY, " MB"),
            judge("memory of a pull", pulling, MEMORY, " MB"),
        ];
        println!("  a push takes {:.2} s, a pull {:.2} s", pushes[1].wall, pulls[1].wall);
        results.into_iter().collect()
    }

    /// Builds the image, and returns the largest of its blobs, which is the layer.
    fn build(&self, name: &str) -> Result<PathBuf> {
        let context = self.root.join("context");
        files::write(&context.join("Dockerfile"), "FROM scratch\nCOPY data /\n")?;
        noise(&context.join("data"), SIZE)?;
        quiet(self.command("home").args(["build", "--tag", name]).arg(&context))?;
        let blobs = self.root.join("home/store/blobs/sha256");
        let entries = fs::read_dir(&blobs).map_err(Error::file("read", &blobs))?.flatten();
        let layer = entries.max_by_key(|entry| entry.metadata().map_or(0, |data| data.len()));
        Ok(layer.map(|entry| entry.path()).unwrap_or_default())
    }

    fn command(&self, home: &str) -> Command {
        let mut command = Command::new(self.galley);
        command.env("GALLEY_HOME", self.root.join(home)).env("DOCKER_CONFIG", self.root.join("nobody"));
        command.env_remove("GALLEY_PANTRY").env_remove("REGISTRY_AUTH_FILE");
        command
    }

    fn timed(&self, home: &str, words: &[&str]) -> Timed {
        let variables = [("GALLEY_HOME", home), ("DOCKER_CONFIG", "nobody")];
        let set = variables.map(|(name, place)| format!("{name}={}", self.root.join(place).display()));
        let galley = self.galley.display().to_string();
        let own = ["env", "-u", "GALLEY_PANTRY", "-u", "REGISTRY_AUTH_FILE", &set[0], &set[1], &galley];
        Timed::new("galley", &[&own, words].concat())
    }
}
