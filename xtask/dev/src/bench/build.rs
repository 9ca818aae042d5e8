//! How long a build takes in which nothing changed, and how much memory a layer.

use std::fs;
use std::path::Path;
use std::process::Command;

use xtask::error::{Error, Result};
use xtask::files;
use xtask::galley::{Choice, Galley};
use xtask::packages::find;
use xtask::repo::Repo;

use super::measure::{Timed, in_scratch, judge, need, noise, peak_memory, race};
use super::start::{CONTAINERS_CONF, podman};

/// What a rebuild may take in which nothing changed, in seconds.
const REBUILD: f64 = 0.15;

/// What a layer of 1 GB may take more than one of 10 MB, in megabytes.
const MEMORY: f64 = 8.0;

/// The kinds of instruction that the quote application's Dockerfile has.
const DOCKERFILE: &str = "FROM scratch
COPY busybox /bin/sh
WORKDIR /app
COPY list ./
RUN echo done > /app/done
COPY . .
EXPOSE 80
ENTRYPOINT [\"/bin/sh\"]
";

pub fn run(repo: &Repo) -> Result<()> {
    need(&["busybox"])?;
    let galley = Galley::build(repo, Choice::Reference, true)?.program;
    in_scratch(repo, |scratch| rebuild(&galley, scratch).and(memory(&galley, scratch)))
}

fn rebuild(galley: &Path, scratch: &Path) -> Result<()> {
    let context = scratch.join("context");
    files::create_dir(&context)?;
    let busybox = find("busybox").unwrap_or_default();
    fs::copy(&busybox, context.join("busybox")).map_err(Error::file("copy", &busybox))?;
    let list: String = (0..1000).map(|number| format!("line {number}\n")).collect();
    files::write(&context.join("list"), &list)?;
    files::write(&context.join("Dockerfile"), DOCKERFILE)?;
    files::write(&scratch.join("containers.conf"), CONTAINERS_CONF)?;
    let (context, home) = (context.display().to_string(), format!("GALLEY_HOME={}", scratch.join("home").display()));
    let program = galley.display().to_string();
    let ours = Timed::new("galley", &["env", &home, &program, "build", "--tag", "bench:1", &context]);
    let flags = ["--layers", "--isolation", "chroot", "--tag", "bench:1", &context];
    let peers = [
        podman(scratch, "buildah", &[&["bud"], &flags[..]].concat()),
        podman(scratch, "podman", &[&["build"], &flags[..]].concat()),
    ];
    judge("a rebuild in which nothing changed", race(&ours, &peers, 15)?.0, REBUILD, " s")
}

/// Builds a layer of each size, and compares what that took.
fn memory(galley: &Path, scratch: &Path) -> Result<()> {
    let context = scratch.join("large");
    files::write(&context.join("Dockerfile"), "FROM scratch\nCOPY data /\n")?;
    let mut peaks = Vec::new();
    for size in [10_000_000, 1_000_000_000] {
        noise(&context.join("data"), size)?;
        let mut command = Command::new(galley);
        command.env("GALLEY_HOME", scratch.join("home")).args(["build", "--tag", "bench:1"]).arg(&context);
        let peak = peak_memory(&mut command)?;
        println!("  a layer of {:>4} MB: at most {peak:.1} MB in memory", size / 1_000_000);
        peaks.push(peak);
    }
    judge("the larger layer took more", (peaks[1] - peaks[0]).max(0.0), MEMORY, " MB")
}
